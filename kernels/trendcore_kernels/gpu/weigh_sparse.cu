// Sum of pair weights for rows of pairs; one thread a work.
#include "_weights.cuh"

// The arrays of sets begin with the entry `first`.
extern "C" __global__ void weigh_sparse_add(
    Int n_works, const int *cell, const Int *set_offsets, const Code *set_codes, const Int *credits, Int first,
    const Int *pair_cell, const Int *a, const Int *b, Int n_rows, Int weighting, Int *sums)
{
    FOR_EACH (w, n_works) {
        Int begin = set_offsets[w] - first, n = set_offsets[w + 1] - set_offsets[w], c = cell[w];
        if (n < 2)
            continue;
        const Code *set = set_codes + begin;
        Int start = position(pair_cell, 0, n_rows, c), stop = position(pair_cell, start, n_rows, c + 1);
        each_weight(n, credits + begin, weighting, [&](Int i, Int j, Int weight) {
            Int x = set[i], y = set[j];
            Int row = first_not(start, stop, [=](Int r) { return a[r] < x || (a[r] == x && b[r] < y); });
            if (row < stop && a[row] == x && b[row] == y)
                add(&sums[row], weight);
        });
    }
}
