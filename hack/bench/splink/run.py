"""Runs Splink on one file with one profile and prints, as one line of JSON, what it took and how good it was.

    python run.py --profile usual --records people.csv --truth truth.csv

A profile (people.py, public.py) is what a user writes: how to clean the file, what to compare, which pairs, how to train. This file
only runs the usual steps in the usual order and holds the watch. Quality is that of the clusters, not of single pairs, at every
threshold of a grid; the best is marked, and its clustering is the one whose time counts.
"""

import argparse
import json
import logging
import os
import resource
import sys
import time

import duckdb
import splink
from splink import DuckDBAPI, Linker, SettingsCreator

import people
import public

PROFILES = {**people.PROFILES, **public.PROFILES}

# Match weights, log2 of the odds, at which to cluster. Every edge below the lowest is dropped as it is made.
GRID = [-4, -2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24]


class Watch:
    """Seconds by step, in order."""

    def __init__(self):
        self.seconds = {}
        self.last = time.perf_counter()

    def lap(self, step):
        now = time.perf_counter()
        self.seconds[step] = round(now - self.last, 2)
        self.last = now


def probability(weight):
    return 1 / (1 + 2.0**-weight)


def rows(con, table):
    return con.execute(f"select count(*) from {table}").fetchall()[0][0]


def cluster(linker, edges, weight):
    return linker.clustering.cluster_pairwise_predictions_at_threshold(edges, threshold_match_probability=probability(weight))


def quality(con, clusters, truth):
    """Pairwise and B-cubed figures from the table of how many records each cluster shares with each person."""
    con.execute(
        f"""create or replace temp table shared as
        select c.cluster_id as c, t.entity as t, count(*) as n
        from {clusters.physical_name} c join {truth} t on t.unique_id = c.unique_id group by all"""
    )
    both, found, true, records, precision, recall, largest = con.execute(
        """with c as (select c, sum(n) as n from shared group by c), t as (select t, sum(n) as n from shared group by t)
        select (select sum(n * (n - 1) / 2) from shared), (select sum(n * (n - 1) / 2) from c), (select sum(n * (n - 1) / 2) from t),
            (select sum(n) from shared),
            (select sum(s.n * s.n / c.n) from shared s join c using (c)), (select sum(s.n * s.n / t.n) from shared s join t using (t)),
            (select max(n) from c)"""
    ).fetchall()[0]

    def f1(p, r):
        return 2 * p * r / (p + r) if p + r else 0.0

    p, r = (float(both) / float(found) if found else 1.0), (float(both) / float(true) if true else 1.0)
    bp, br = float(precision) / float(records), float(recall) / float(records)
    return {
        "precision": round(p, 4), "recall": round(r, 4), "f1": round(f1(p, r), 4),
        "b3_precision": round(bp, 4), "b3_recall": round(br, 4), "b3_f1": round(f1(bp, br), 4), "largest": int(largest),
    }


def run(name, records, truth, threads):
    profile = PROFILES[name]
    con = duckdb.connect()
    if threads:
        con.execute(f"set threads = {threads}")
    api = DuckDBAPI(connection=con)
    watch = Watch()
    profile.load(con, records)
    watch.lap("read")
    linker = Linker(
        registered(con, api, profile),
        SettingsCreator(
            link_type="link_only" if profile.link else "dedupe_only", unique_id_column_name="unique_id", comparisons=profile.comparisons, blocking_rules_to_generate_predictions=profile.blocking,
            retain_matching_columns=False, retain_intermediate_calculation_columns=False,
        ),
    )
    linker.training.estimate_probability_two_random_records_match(profile.certain, recall=profile.certain_recall)
    watch.lap("prior")
    linker.training.estimate_u_using_random_sampling(max_pairs=profile.u_pairs, num_chunks=profile.u_chunks)
    watch.lap("u")
    for rule in profile.training:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, max_pairs=profile.em_pairs, estimate_without_term_frequencies=profile.em_without_tf
        )
    watch.lap("em")
    edges = linker.inference.predict(threshold_match_weight=min(GRID))
    watch.lap("predict")
    count = rows(con, edges.physical_name)
    clusters = cluster(linker, edges, 5)
    watch.lap("cluster")
    used = resource.getrusage(resource.RUSAGE_SELF)
    result = {
        "profile": name, "splink": splink.__version__, "duckdb": duckdb.__version__, "python": sys.version.split()[0], "processors": threads or os.cpu_count(),
        "records": rows(con, "records"), "seconds": watch.seconds, "cpu_seconds": round(used.ru_utime + used.ru_stime, 1), "peak_mib": used.ru_maxrss // 1024, "edges": count,
        "prior": linker._settings_obj._probability_two_random_records_match,
    }
    clusters.drop_table_from_database_and_remove_from_cache()
    result["pairs"] = compared(con, linker)
    if truth:
        profile.load_truth(con, truth)
        result["thresholds"] = grid(con, linker, edges)
        best = max(result["thresholds"], key=lambda t: t["f1"])
        best["best"] = True
        result["seconds"]["cluster"] = best.pop("seconds")
        for t in result["thresholds"]:
            t.pop("seconds", None)
    result["seconds"]["total"] = round(sum(result["seconds"].values()), 2)
    return result


def registered(con, api, profile):
    """The table of records, or one for each of the sets that are linked."""
    if not profile.link:
        return api.register("records")
    sets = [row[0] for row in con.execute(f"select distinct {profile.link} from records order by 1").fetchall()]
    for name in sets:
        con.execute(f"create table {name} as select * exclude ({profile.link}) from records where {profile.link} = '{name}'")
    return [api.register(name) for name in sets]


def compared(con, linker):
    """How many pairs the blocking rules give: counted after the watch has stopped."""
    pairs = linker.inference.compute_blocked_pairs_for_predict()
    return rows(con, pairs.physical_name)


def grid(con, linker, edges):
    """The quality of the clusters at every threshold, and the seconds that each clustering took."""
    figures = []
    for weight in GRID:
        began = time.perf_counter()
        clusters = cluster(linker, edges, weight)
        seconds = round(time.perf_counter() - began, 2)
        figures.append({"weight": weight, "probability": round(probability(weight), 5), **quality(con, clusters, "truth"), "seconds": seconds})
        clusters.drop_table_from_database_and_remove_from_cache()
    return figures


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--profile", required=True, choices=sorted(PROFILES))
    flags.add_argument("--records", required=True)
    flags.add_argument("--truth", default="", help="absent: no quality")
    flags.add_argument("--threads", type=int, default=0, help="of the engine; 0: as it likes")
    args = flags.parse_args()
    logging.disable(logging.WARNING)
    print(json.dumps(run(args.profile, args.records, args.truth, args.threads)))


if __name__ == "__main__":
    main()
