"""Profiles for the public files of ../shared/data/identity, with the settings that Splink's documentation shows for each of them.

--records and --truth are the folder. What is written here are the choices of those examples (which columns, rules, samples); none
has been tuned for a better figure.
"""

import splink.comparison_library as cl
from splink import block_on

from profile import Profile


def loader(sql):
    """Makes the table whole, with the column entity, and records, without it. $1 in sql is the folder."""

    def load(con, folder):
        con.execute(f"create table whole as {sql.replace('$1', folder)}")
        con.execute("create table records as select * exclude (entity) from whole")

    return load


def load_truth(con, _):
    con.execute("create table truth as select unique_id, entity from whole")


FEBRL = """select trim(rec_id) as unique_id, regexp_extract(rec_id, '^rec-[0-9]+') as entity, {where} as source,
    nullif(trim(given_name), '') as given_name, nullif(trim(surname), '') as surname, nullif(trim(street_number), '') as street_number,
    nullif(trim(address_1), '') as address_1, nullif(trim(state), '') as state, nullif(trim(postcode), '') as postcode,
    nullif(trim(date_of_birth), '') as date_of_birth, nullif(trim(soc_sec_id), '') as soc_sec_id
    from read_csv({files}, all_varchar = true, header = true, filename = true,
        names = ['rec_id', 'given_name', 'surname', 'street_number', 'address_1', 'address_2', 'suburb', 'postcode', 'state', 'date_of_birth', 'soc_sec_id'])"""

BIRTH_DIGITS = cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d")

PROFILES = {
    "historical_50k": Profile(
        load=loader("select * exclude (cluster), cluster as entity, first_name || ' ' || surname as names from '$1/historical_50k.parquet'"),
        load_truth=load_truth,
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname", forename_surname_concat_col_name="names"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on("substr(first_name,1,3)", "substr(surname,1,4)"), block_on("surname", "dob"), block_on("first_name", "dob"),
            block_on("postcode_fake", "first_name"), block_on("postcode_fake", "surname"), block_on("dob", "birth_place"),
            block_on("substr(postcode_fake,1,3)", "dob"), block_on("substr(postcode_fake,1,3)", "first_name"),
            block_on("substr(postcode_fake,1,3)", "surname"), block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
        ],
        certain=[
            block_on("first_name", "surname", "dob"), block_on("substr(first_name,1,2)", "surname", "substr(postcode_fake,1,2)"),
            block_on("dob", "postcode_fake"),
        ],
        certain_recall=0.6, training=[block_on("first_name", "surname"), block_on("dob")], u_pairs=1e7, em_without_tf=True,
    ),
    "febrl3": Profile(
        load=loader(FEBRL.format(where="'febrl3'", files="'$1/febrl3.csv'")), load_truth=load_truth,
        comparisons=[
            cl.NameComparison("given_name"), cl.NameComparison("surname"), BIRTH_DIGITS, cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True), cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        blocking=[block_on("soc_sec_id"), block_on("given_name"), block_on("surname"), block_on("date_of_birth"), block_on("postcode")],
        certain=[
            block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        certain_recall=0.9, training=[block_on("date_of_birth"), block_on("postcode")], u_pairs=1e6,
    ),
    "febrl4": Profile(  # links the records of one file with those of the other
        load=loader(FEBRL.format(where="substr(parse_filename(filename), 1, 7)", files="['$1/febrl4a.csv', '$1/febrl4b.csv']")), load_truth=load_truth, link="source",
        comparisons=[
            cl.NameComparison("given_name"), cl.NameComparison("surname"), BIRTH_DIGITS, cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on("given_name", "surname"), "l.given_name = r.surname and l.surname = r.given_name", block_on("date_of_birth"), block_on("soc_sec_id"),
            block_on("state", "address_1"), block_on("street_number", "address_1"), block_on("postcode"),
        ],
        certain=[block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
        certain_recall=0.8, training=[block_on("date_of_birth"), block_on("postcode")], u_pairs=1e6, em_without_tf=True,
    ),
    "fake_1000": Profile(
        load=loader("select cast(unique_id as varchar) as unique_id, cluster as entity, first_name, surname, dob, city, email from '$1/fake_1000.csv'"),
        load_truth=load_truth,
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"), cl.DateOfBirthComparison("dob", input_is_string=False),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True), cl.EmailComparison("email"),
        ],
        blocking=[block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email")],
        certain=[
            "l.first_name = r.first_name and levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1", "l.surname = r.surname and levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1",
            "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2", "l.email = r.email",
        ],
        certain_recall=0.7, training=[block_on("dob"), block_on("email"), block_on("first_name", "surname")], u_pairs=1e6, em_without_tf=True,
    ),
}
