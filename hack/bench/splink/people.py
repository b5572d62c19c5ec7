"""Profiles for the files of `datagen people`.

They differ in how many pairs are compared and how much data trains the model:
capped  the pairs of usual; training on samples of a million pairs, which Splink 5 can do
usual   rules that each ask for a strong agreement; training on ten million random pairs and on all pairs of three rules
wide    twelve times as many pairs, for the last of the recall
census  for files without email and phone
"""

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import block_on

from profile import Profile

# Values that far too many records have are nobody's: noreply@, 000-000-0000, 1900-01-01. A user finds them by looking at the
# most frequent values, so the limits here stand for that look.
CLEAN = """
create table records as
with raw as (
    select record_id as unique_id,
        nullif(lower(strip_accents(trim(given_name))), '') as given, nullif(lower(strip_accents(trim(middle_name))), '') as middle,
        nullif(lower(strip_accents(trim(surname))), '') as surname, birth_date as birth, gender,
        nullif(lower(trim(email)), '') as email, nullif(regexp_replace(phone, '[^0-9]', '', 'g'), '') as phone,
        nullif(lower(strip_accents(trim(street))), '') as street, house_number as house, nullif(lower(strip_accents(trim(city))), '') as city,
        postcode, region
    from read_csv(?, all_varchar = true, header = true)
),
email as (select email as v from raw group by 1 having count(*) > 60),
phone as (select phone as v from raw group by 1 having count(*) > 60),
birth as (select birth as v from raw group by 1 having count(*) > 20 + 10 * (select count(birth) / count(distinct birth) from raw))
select unique_id, given, middle, surname, gender, street, house, city, postcode, region,
    case when email not in (select v from email where v is not null) then email end as email,
    case when phone not in (select v from phone where v is not null) then phone end as phone,
    case when birth not in (select v from birth where v is not null) then birth end as birth
from raw
"""


def load(con, path):
    con.execute(CLEAN, [path])


def load_truth(con, path):
    con.execute("create table truth as select record_id as unique_id, person_id as entity from read_csv(?, all_varchar = true)", [path])


def name(column, *levels):
    """A name: as written, nearly so, or another; levels come before the loosest."""
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            cll.NullLevel(column),
            cll.ExactMatchLevel(column, term_frequency_adjustments=True),
            cll.JaroWinklerLevel(column, 0.92),
            cll.JaroWinklerLevel(column, 0.88),
            *levels,
            cll.JaroWinklerLevel(column, 0.7),
            cll.ElseLevel(),
        ],
    )


GIVEN = name("given", cll.CustomLevel("(length(given_l) = 1 or length(given_r) = 1) and given_l[1] = given_r[1]", "one is the initial of the other"))
SURNAME = name("surname")

# The parts of an address depend on each other, so they are one comparison.
ADDRESS = cl.CustomComparison(
    output_column_name="address",
    comparison_levels=[
        cll.And(cll.NullLevel("postcode"), cll.NullLevel("city")),
        cll.CustomLevel("house_l = house_r and postcode_l = postcode_r and left(street_l, 4) = left(street_r, 4)", "same dwelling"),
        cll.CustomLevel("postcode_l = postcode_r and left(street_l, 4) = left(street_r, 4)", "same street"),
        cll.CustomLevel("house_l = house_r and left(street_l, 4) = left(street_r, 4) and city_l = city_r", "same dwelling, other postcode"),
        cll.ExactMatchLevel("postcode", term_frequency_adjustments=True),
        cll.ExactMatchLevel("city", term_frequency_adjustments=True),
        cll.ElseLevel(),
    ],
)

PHONE = cl.CustomComparison(
    output_column_name="phone",
    comparison_levels=[cll.NullLevel("phone"), cll.ExactMatchLevel("phone"), cll.LevenshteinLevel("phone", 1), cll.ElseLevel()],
)

MIDDLE = cl.CustomComparison(
    output_column_name="middle",
    comparison_levels=[
        cll.NullLevel("middle"),
        cll.ExactMatchLevel("middle"),
        cll.CustomLevel("middle_l[1] = middle_r[1]", "same initial"),
        cll.ElseLevel(),
    ],
)

BIRTH = cl.CustomComparison(
    output_column_name="birth",
    comparison_levels=[
        cll.NullLevel("birth"),
        cll.ExactMatchLevel("birth"),
        cll.LevenshteinLevel("birth", 1),
        cll.CustomLevel("left(birth_l, 4) = left(birth_r, 4) and substr(birth_l, 6, 2) = right(birth_r, 2) and right(birth_l, 2) = substr(birth_r, 6, 2)", "day and month swapped"),
        cll.CustomLevel("left(birth_l, 4) = left(birth_r, 4)", "same year"),
        cll.ElseLevel(),
    ],
)

COMPARISONS = [GIVEN, SURNAME, MIDDLE, BIRTH, cl.ExactMatch("gender"), cl.EmailComparison("email"), PHONE, ADDRESS]

CONTACTS = [block_on("email"), block_on("phone")]

NAMES = [block_on("surname", "birth"), block_on("given", "birth"), block_on("given", "surname", "postcode")]

WEAKER_NAMES = [
    block_on("birth"),
    block_on("given", "surname"),
    block_on("surname", "postcode"),
    block_on("given", "postcode", "house"),
    block_on("postcode", "substr(street, 1, 4)", "house"),
    block_on("substr(given, 1, 3)", "substr(surname, 1, 3)", "region"),
]

WEAKER_CONTACTS = [block_on("split_part(email, '@', 1)"), block_on("given", "right(phone, 6)")]

CERTAIN = [block_on("email", "given"), block_on("given", "surname", "birth"), block_on("phone", "given", "surname")]

shared = dict(load=load, load_truth=load_truth, comparisons=COMPARISONS, certain=CERTAIN, certain_recall=0.7)
TRAINING = [block_on("given", "surname", "city"), block_on("given", "birth"), block_on("surname", "birth")]

PROFILES = {
    "capped": Profile(**shared, blocking=CONTACTS + NAMES, training=TRAINING, u_pairs=1e6, u_chunks=1, em_pairs=1e6, em_without_tf=True),
    "usual": Profile(**shared, blocking=CONTACTS + NAMES, training=TRAINING, u_pairs=1e7),
    "wide": Profile(**shared, blocking=CONTACTS + NAMES + WEAKER_NAMES + WEAKER_CONTACTS, training=TRAINING, u_pairs=1e7),
    "census": Profile(
        load=load, load_truth=load_truth, comparisons=[GIVEN, SURNAME, MIDDLE, BIRTH, cl.ExactMatch("gender"), ADDRESS],
        blocking=NAMES + WEAKER_NAMES,
        certain=[block_on("given", "surname", "birth")], certain_recall=0.5, training=[block_on("given", "surname", "city"), block_on("birth")], u_pairs=1e7,
    ),
}
