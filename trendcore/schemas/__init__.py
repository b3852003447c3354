"""Canonical Arrow schemas: what every source gives and every later step takes.

Codes of countries are those of the country table (`trendcore.taxonomy`): ISO 3166-1 numeric, and codes of
our own from 1000 on. Ends of trade flows may also be pseudo-codes, from 2000 on: remainders such as "Areas,
nes", no country but a part of totals (`Countries.remainders`). Years are calendar years. Money is in
thousandths of a US dollar.
"""

from __future__ import annotations

import pyarrow as pa

COUNTRY = pa.int16()
COUNTRIES = pa.list_(COUNTRY)
SHARES = pa.list_(pa.float64())
TOPICS = pa.list_(pa.struct([pa.field("id", pa.int64()), pa.field("score", pa.float64())]))

PAPERS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("year", pa.int16(), nullable=False),
        pa.field("date", pa.date32()),
        pa.field("countries", COUNTRIES, nullable=False),  # distinct, sorted, known ones only
        pa.field("shares", SHARES, nullable=False),  # author fractions, same length; unknown rest = 1 - sum
        pa.field(
            "units", COUNTRIES, nullable=False
        ),  # one code a unit (author x country), for complete counting
        pa.field("first_country", COUNTRY),  # of the first author, null when unknown
        pa.field("n_authors", pa.int32(), nullable=False),
        pa.field("n_authors_unknown", pa.int32(), nullable=False),
        pa.field("authors_truncated", pa.bool_(), nullable=False),
        pa.field("topic_scheme", pa.string()),  # openalex-topics, openalex-concepts or null
        pa.field("topics", TOPICS, nullable=False),  # by rank: the primary one first
        pa.field("type", pa.string()),
        pa.field("language", pa.string()),
        pa.field("is_retracted", pa.bool_(), nullable=False),
        pa.field("is_paratext", pa.bool_(), nullable=False),
        pa.field("is_xpac", pa.bool_(), nullable=False),
        pa.field("cited_by", pa.int32()),
        pa.field(
            "updated", pa.date32()
        ),  # snapshot date, else the record's own; the later one wins for an id
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_line", pa.int64(), nullable=False),
    ]
)

PATENTS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("family_id", pa.string()),  # null where the feed has no families
        pa.field("year", pa.int16(), nullable=False),
        pa.field("year_kind", pa.string(), nullable=False),  # priority, filing or grant
        pa.field("date", pa.date32()),
        pa.field("office", pa.string(), nullable=False),
        pa.field("inventor_countries", COUNTRIES, nullable=False),
        pa.field("inventor_shares", SHARES, nullable=False),
        pa.field("inventor_units", COUNTRIES, nullable=False),
        pa.field("n_inventors", pa.int32(), nullable=False),
        pa.field("n_inventors_unknown", pa.int32(), nullable=False),
        pa.field("applicant_countries", COUNTRIES, nullable=False),
        pa.field("applicant_shares", SHARES, nullable=False),
        pa.field("applicant_units", COUNTRIES, nullable=False),
        pa.field("n_applicants", pa.int32(), nullable=False),
        pa.field("n_applicants_unknown", pa.int32(), nullable=False),
        pa.field(
            "cpc", pa.list_(pa.string()), nullable=False
        ),  # normalised symbols: "G06N10/40", "H01L21", "H01L"
        pa.field("type", pa.string()),
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_line", pa.int64(), nullable=False),
    ]
)

TRADE = pa.schema(
    [
        pa.field("year", pa.int16(), nullable=False),
        pa.field("exporter", COUNTRY, nullable=False),
        pa.field("importer", COUNTRY, nullable=False),
        pa.field("hs6", pa.string(), nullable=False),  # zero-padded; shorter where the feed is cut (8542)
        pa.field("hs_revision", pa.string(), nullable=False),  # HS92 HS96 HS02 HS07 HS12 HS17 HS22
        pa.field(
            "flow", pa.string(), nullable=False
        ),  # trade (reconciled), export, import, re-export, re-import
        pa.field("reporter_side", pa.string(), nullable=False),  # reconciled, exporter or importer
        pa.field("value", pa.int64(), nullable=False),  # thousandths of a US dollar
        pa.field("quantity_t", pa.float64()),  # tonnes
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_line", pa.int64(), nullable=False),
    ]
)

TOMBSTONES = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("updated", pa.date32()),
        pa.field("reason", pa.string(), nullable=False),  # out_of_field, merged, ...
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_line", pa.int64(), nullable=False),
    ]
)

QUARANTINE = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),  # 1 is the first line; 0 where the whole file is meant
        pa.field("reason", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),  # the row's first 500 characters
    ]
)

CANONICAL = {
    "papers": PAPERS,
    "patents": PATENTS,
    "trade": TRADE,
    "tombstones": TOMBSTONES,
    "quarantine": QUARANTINE,
}
