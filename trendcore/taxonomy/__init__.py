"""Technology fields, countries, country policies and blocs: versioned data, and the look-ups in it.

Every content has a version and a sha256; both are written beside each result.
"""

from __future__ import annotations

from trendcore.taxonomy.bloc_table import Bloc, Blocs, blocs
from trendcore.taxonomy.country_table import Countries, countries
from trendcore.taxonomy.field_taxonomy import FieldTaxonomy, fields
from trendcore.taxonomy.policies import CountryPolicy, policy

__all__ = [
    "Bloc",
    "Blocs",
    "Countries",
    "CountryPolicy",
    "FieldTaxonomy",
    "blocs",
    "countries",
    "fields",
    "policy",
]
