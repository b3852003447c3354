// Median of all slopes, the line with it, and the slopes of two ranks: a thread a series, no slope is stored.
#include "_series.cuh"

// `years` and `values` begin with the entry `first`.
extern "C" __global__ void theil_sen_order(
    Int n_series, const Int *offsets, const Int *years, const double *values, Int first, const Int *low_rank,
    const Int *high_rank, double *slope, double *intercept, double *low, double *high)
{
    FOR_EACH (w, n_series) {
        const Int *when = years + (offsets[w] - first);
        const double *what = values + (offsets[w] - first);
        Int n = offsets[w + 1] - offsets[w], n_pairs = n * (n - 1) / 2;
        slope[w] = intercept[w] = low[w] = high[w] = not_a_number();
        if (n_pairs == 0)
            continue;
        // a sum with 0 has no sign where it is 0
        auto values_in_turn = [=](const auto &take) {
            for (Int i = 0; i < n; ++i)
                take(what[i] + 0.0);
        };
        auto slopes = [=](const auto &take) {
            for (Int i = 0; i + 1 < n; ++i)
                for (Int j = i + 1; j < n; ++j)
                    take((what[j] - what[i]) / (double)(when[j] - when[i]) + 0.0);
        };
        double middle = median(slopes, n_pairs);
        slope[w] = middle;
        intercept[w] = median(values_in_turn, n) - middle * ((double)(when[(n - 1) / 2] + when[n / 2]) / 2.0);
        if (low_rank[w] >= 0 && low_rank[w] < n_pairs)
            low[w] = select(slopes, low_rank[w]);
        if (high_rank[w] >= 0 && high_rank[w] < n_pairs)
            high[w] = select(slopes, high_rank[w]);
    }
}
