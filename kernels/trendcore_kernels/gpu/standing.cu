// How many values of each row are below a number, equal to it, and not a number.
#include "_common.cuh"

// Some threads share a row: one looks at every `n_lanes`-th value. `counts` are zeros.
extern "C" __global__ void standing(
    Int n, Int n_lanes, Int n_values, const double *values, const double *at, Int *counts)
{
    FOR_EACH (i, n) {
        Int row = i / n_lanes, below = 0, equal = 0, missing = 0;
        const double *own = values + row * n_values;
        double number = at[row];
        for (Int r = i % n_lanes; r < n_values; r += n_lanes) {
            below += own[r] < number;
            equal += own[r] == number;
            missing += own[r] != own[r];
        }
        add(&counts[3 * row], below);
        add(&counts[3 * row + 1], equal);
        add(&counts[3 * row + 2], missing);
    }
}
