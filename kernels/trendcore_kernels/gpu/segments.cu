// Cheapest cuts of series of equal length into runs: a thread a series.
#include "_common.cuh"

// `ROUNDING` of the specification
constexpr double ROUNDING = 1e-10;

// `best` and `begins` have most + 1 rows of n + 1 numbers for each series: by cuts and years.
extern "C" __global__ void segments_cut(
    Int n_series, const double *costs, const double *penalty, Int n, Int most, Int least, double *best, Int *begins,
    double *cost, Int *changes, Int *label)
{
    FOR_EACH (w, n_series) {
        const double *runs = costs + w * (n * (n + 1) / 2);
        double *sums = best + w * (most + 1) * (n + 1);
        Int *places = begins + w * (most + 1) * (n + 1);
        for (Int j = 1; j <= n; ++j)
            sums[j] = runs[j * (j - 1) / 2];
        Int cuts = 0;
        double cheapest = sums[n];
        for (Int k = 1; k <= most; ++k) {
            const double *before = sums + (k - 1) * (n + 1);
            double *now = sums + k * (n + 1);
            for (Int j = (k + 1) * least; j <= n; ++j) {
                const double *column = runs + j * (j - 1) / 2;
                Int at = k * least;
                double lowest = before[at] + column[at];
                for (Int i = at + 1; i <= j - least; ++i) {
                    double total = before[i] + column[i];
                    if (total < lowest) {
                        lowest = total;
                        at = i;
                    }
                }
                now[j] = lowest;
                places[k * (n + 1) + j] = at;
            }
            double penalties = penalty[w] * (double)k;
            double with_them = now[n] + penalties;
            if (with_them < cheapest - ROUNDING * (fabs(sums[n]) + fabs(now[n]) + penalties)) {
                cuts = k;
                cheapest = with_them;
            }
        }
        cost[w] = sums[cuts * (n + 1) + n];
        changes[w] = cuts;
        Int end = n;
        for (Int k = cuts; k >= 0; --k) {
            Int begin = k > 0 ? places[k * (n + 1) + end] : 0;
            for (Int i = begin; i < end; ++i)
                label[w * n + i] = k;
            end = begin;
        }
    }
}
