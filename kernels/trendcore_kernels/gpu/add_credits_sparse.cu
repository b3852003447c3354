// Sum of credits for rows of members; one thread an entry of the member sets.
#include "_common.cuh"

// The arrays of sets begin with the entry `first`.
extern "C" __global__ void add_credits_sparse_add(
    Int n_entries, Int n_works, const int *cell, const Int *set_offsets, const Code *set_codes, const Int *credits,
    Int first, const Int *member_cell, const Int *member, Int n_rows, Int *sums)
{
    FOR_EACH (i, n_entries) {
        Int entry = set_offsets[0] + i, at = entry - first;
        if (entry >= set_offsets[n_works]) // on a device the array may go on
            break;
        Int c = cell[work_of(set_offsets, n_works, entry)];
        Int code = set_codes[at];
        Int row = first_not(0, n_rows, [=](Int x) {
            return member_cell[x] < c || (member_cell[x] == c && member[x] < code);
        });
        if (row < n_rows && member_cell[row] == c && member[row] == code)
            add(&sums[row], credits[at]);
    }
}
