"""How sure a value is: intervals of every index, significance, and the baseline of chance.

`delta` gives quick intervals, `bootstrap` those of works drawn again, `replicates` the draws themselves,
`poisson_interval` the exact interval of a count.
"""

from trendcore.uncertainty.bootstrap import bootstrap, replicates
from trendcore.uncertainty.delta import delta
from trendcore.uncertainty.exact import poisson_interval

__all__ = ["bootstrap", "delta", "poisson_interval", "replicates"]
