// Counts of Mann and Kendall's test for a trend: a thread a series.
#include "_series.cuh"

// `values` begins with the entry `first`.
extern "C" __global__ void mann_kendall_count(
    Int n_series, const Int *offsets, const double *values, Int first, Int *s, Int *tied_pairs, Int *ties)
{
    FOR_EACH (w, n_series) {
        const double *series = values + (offsets[w] - first);
        Int n = offsets[w + 1] - offsets[w], up = 0, tied = 0, weighted = 0;
        for (Int i = 0; i < n; ++i) {
            Int others = -1; // equal to it
            for (Int j = 0; j < n; ++j)
                others += series[j] == series[i];
            for (Int j = i + 1; j < n; ++j)
                up += sign(series[j], series[i]);
            tied += others;
            weighted += others * (2 * others + 7);
        }
        s[w] = up;
        tied_pairs[w] = tied / 2;
        ties[w] = weighted;
    }
}
