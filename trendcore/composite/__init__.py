"""Composite indices: many indicators of a pair in one score, with every choice declared and varied.

A composite is declared, as a `Composite` or in TOML (`load`; without a path, the packaged technology
cooperation index). `fit` takes every parameter over the declared reference rows and freezes it, `score`
applies them: a score does not move when data are added. `steps` shows the values on the way. `uncertainty`
draws other choices, and bootstrap replicates, together and gives intervals of ranks; `sensitivity` says which
choice they depend on.

Tables come in two forms. Long: an index table as `trendcore.indices.compute` or
`trendcore.Workspace.indices` gives it; each indicator takes its index, source and role from it. Wide: the
columns of the cell and of the unit, and one column named as each indicator.

The method is that of the OECD/JRC Handbook on Constructing Composite Indicators, 2008,
doi:10.1787/9789264043466-en, and of Saisana, Saltelli & Tarantola 2005, doi:10.1111/j.1467-985X.2005.00350.x.
"""

from trendcore.composite.declaration import Composite, Group, Indicator, Vary
from trendcore.composite.declaration_file import load
from trendcore.composite.declared_steps import Impute, Normalise, Reference, Treat
from trendcore.composite.dependence import Sensitivity, sensitivity
from trendcore.composite.fitting import Fitted, fit
from trendcore.composite.ranges import RankRanges, uncertainty
from trendcore.composite.scoring import score, steps

__all__ = [
    "Composite",
    "Fitted",
    "Group",
    "Impute",
    "Indicator",
    "Normalise",
    "RankRanges",
    "Reference",
    "Sensitivity",
    "Treat",
    "Vary",
    "fit",
    "load",
    "score",
    "sensitivity",
    "steps",
    "uncertainty",
]
