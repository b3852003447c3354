"""How sure a value is: intervals of every index, significance, and the baseline of chance.

`delta` gives quick intervals, `bootstrap` those of works drawn again, `replicates` the draws themselves,
`poisson_interval` the exact interval of a count, `analytic` the closed intervals of `ric` and `orc`.

`calibrated` compares joint works with those of chance, with p-values: the one measure that may be called
above or below chance. `benjamini_hochberg` adjusts its p-values for another choice of pairs. `backbone` keeps
the pairs that stand out among a country's partners.
"""

from trendcore.uncertainty.bootstrapping import bootstrap, replicates
from trendcore.uncertainty.calibrating import calibrated
from trendcore.uncertainty.delta_method import delta
from trendcore.uncertainty.exact import poisson_interval
from trendcore.uncertainty.significance import analytic, backbone, benjamini_hochberg

__all__ = [
    "analytic",
    "backbone",
    "benjamini_hochberg",
    "bootstrap",
    "calibrated",
    "delta",
    "poisson_interval",
    "replicates",
]
