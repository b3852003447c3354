// Sum of pair weights by cell and pair; one thread a work.
#include "_weights.cuh"

// The arrays of sets begin with the entry `first`.
extern "C" __global__ void weigh_dense_add(
    Int n_works, const int *cell, const Int *set_offsets, const Code *set_codes, const Int *credits, Int first,
    Int n_members, Int weighting, Int *sums)
{
    Int n_pairs = n_members * (n_members - 1) / 2;
    FOR_EACH (w, n_works) {
        Int begin = set_offsets[w] - first, n = set_offsets[w + 1] - set_offsets[w];
        const Code *set = set_codes + begin;
        Int *row = sums + cell[w] * n_pairs;
        if (n >= 2)
            each_weight(n, credits + begin, weighting, [&](Int i, Int j, Int weight) {
                add(&row[pair_column(set[i], set[j], n_members)], weight);
            });
    }
}
