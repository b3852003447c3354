// Weighted sum of the autocorrelations of ranks that are beyond a bound: a thread a series.
#include "_series.cuh"

__device__ inline Int product(const Int *numbers, Int n, Int lag)
{
    Int total = 0;
    for (Int i = 0; i < n - lag; ++i)
        total += numbers[i] * numbers[i + lag];
    return total;
}

// `years` and `values` begin with the entry `first`; `rests` and `ranks` have room for all series.
extern "C" __global__ void hamed_rao_correlate(
    Int n_series, const Int *offsets, const Int *years, const double *values, Int first, const double *slope,
    const double *bound, double *rests, Int *ranks, double *weight, Int *lags)
{
    FOR_EACH (w, n_series) {
        const Int *when = years + (offsets[w] - first);
        const double *what = values + (offsets[w] - first);
        double *rest = rests + (offsets[w] - offsets[0]);
        Int *twice = ranks + (offsets[w] - offsets[0]);
        Int n = offsets[w + 1] - offsets[w];
        for (Int i = 0; i < n; ++i)
            rest[i] = what[i] - (double)(when[i] - when[0] + 1) * slope[w];
        for (Int i = 0; i < n; ++i) {
            Int above = 0;
            for (Int j = 0; j < n; ++j)
                above += sign(rest[i], rest[j]);
            twice[i] = above;
        }
        double total = 0.0;
        Int used = 0, spread = product(twice, n, 0);
        for (Int lag = 1; lag < n; ++lag) {
            double r = (double)product(twice, n, lag) / (double)(spread > 0 ? spread : 1);
            if (r > bound[w] || -r > bound[w]) {
                total += (double)((n - lag) * (n - lag - 1) * (n - lag - 2)) * r;
                ++used;
            }
        }
        weight[w] = total;
        lags[w] = used;
    }
}
