// Sum of credits by cell and member; those of the first cells in shared memory.
#include "_private.cuh"

// The arrays of sets begin with the entry `first`.
SHARING_KERNEL add_credits_dense_add(
    Int n_works, const int *cell, const Int *set_offsets, const Code *set_codes, const Int *credits, Int first,
    Int n_members, Int n_private, Int *sums)
{
    SHARED(unsigned, own);
    clear(own, 2 * n_private);
    FOR_EACH (w, n_works)
        for (Int i = set_offsets[w] - first; i < set_offsets[w + 1] - first; ++i)
            add(own, n_private, sums, cell[w] * n_members + set_codes[i], credits[i]);
    flush(own, n_private, sums);
}
