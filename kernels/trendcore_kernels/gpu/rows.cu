// Rows of cells and members, and of pairs of these, by keys of 63 bits: a member's is cell * M + member, that of
// a pair the rows of its two members, one times the number of rows plus the other.
#include "_common.cuh"

// Key of no row; the greatest one, so that it stands last.
constexpr Int NONE = 0x7fffffffffffffff;

// Keys of the entries of the member sets of both sides, one side after the other, from the entry `first` on; NONE
// where the other side is empty.
extern "C" __global__ void rows_keys(
    Int n, Int first, Int n_works, const int *cell, const Int *set_offsets, const Code *set_codes, Int n_entries,
    const Int *other_offsets, const Code *other_codes, Int n_members, Int *keys)
{
    FOR_EACH (i, n) {
        bool mine = first + i < n_entries;
        const Int *own = mine ? set_offsets : other_offsets, *others = mine ? other_offsets : set_offsets;
        Int entry = mine ? first + i : first + i - n_entries, w = work_of(own, n_works, entry);
        Int code = mine ? set_codes[entry] : other_codes[entry];
        keys[i] = others[w] < others[w + 1] ? cell[w] * n_members + code : NONE;
    }
}

extern "C" __global__ void rows_members(Int n_rows, const Int *keys, Int n_members, Int *member_cell, Int *member)
{
    FOR_EACH (i, n_rows) {
        member_cell[i] = keys[i] / n_members;
        member[i] = keys[i] % n_members;
    }
}

extern "C" __global__ void rows_pairs(
    Int n_pairs, const Int *pair_keys, const Int *keys, Int n_rows, Int n_members, Int *pair_cell, Int *a, Int *b)
{
    FOR_EACH (i, n_pairs) {
        Int first = keys[pair_keys[i] / n_rows], second = keys[pair_keys[i] % n_rows];
        pair_cell[i] = first / n_members;
        a[i] = first % n_members;
        b[i] = second % n_members;
    }
}
