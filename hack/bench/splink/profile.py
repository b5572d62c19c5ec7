"""What a user of Splink decides."""

from dataclasses import dataclass
from typing import Callable, Optional


@dataclass
class Profile:
    load: Callable  # (connection, path): makes the table records, cleaned, with a unique_id
    load_truth: Callable  # (connection, path): makes the table truth(unique_id, entity)
    comparisons: list
    blocking: list
    certain: list  # rules that hardly ever err, to estimate how many matches there are ...
    certain_recall: float  # ... of which they find this share
    training: list  # blocking rules of the EM sessions
    u_pairs: float  # random pairs for u
    u_chunks: int = 10  # in which they are drawn; more than one stops early where every level has been seen often
    em_pairs: Optional[float] = None  # pairs of an EM session; None: all
    em_without_tf: bool = False
    link: str = ""  # the column by whose values records are linked; empty: duplicates within one set
