// Cheapest path through two states, from the lower one on: a thread a series.
#include "_common.cuh"

// `lower` and `upper` begin with the entry `first`.
extern "C" __global__ void viterbi_walk(
    Int n_series, const Int *offsets, const double *lower, const double *upper, Int first, const double *rise,
    signed char *states)
{
    FOR_EACH (w, n_series) {
        Int n = offsets[w + 1] - offsets[w];
        if (n == 0)
            continue;
        const double *below = lower + (offsets[w] - first), *above = upper + (offsets[w] - first);
        signed char *path = states + (offsets[w] - offsets[0]);
        double low = below[0], high = rise[w] + above[0];
        for (Int i = 1; i < n; ++i) {
            double risen = low + rise[w];
            bool fell = high < low, stayed = high < risen;
            path[i] = (signed char)(fell | stayed << 1); // where each state comes from, until the way back
            low = (fell ? high : low) + below[i];
            high = (stayed ? high : risen) + above[i];
        }
        int state = high < low;
        for (Int i = n - 1; i > 0; --i) {
            int before = path[i] >> state & 1;
            path[i] = (signed char)state;
            state = before;
        }
        path[0] = (signed char)state;
    }
}
