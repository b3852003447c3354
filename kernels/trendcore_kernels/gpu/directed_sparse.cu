// Works by cell, and by a among the members and b among the partners, in rows; see `rows.cu` for their keys.
#include "_private.cuh"

// Key of no row, as in `rows.cu`.
constexpr Int NO_PAIR = 0x7fffffffffffffff;

// Totals (2, C) of the cells; the number of pairs of each work, of a member with itself too, after a 0.
SHARING_KERNEL directed_sparse_works(
    Int n_works, const int *cell, const Int *set_offsets, const Int *partner_offsets, Int n_cells, Int n_private,
    Int *totals, Int *n_pairs)
{
    SHARED(unsigned, own);
    clear(own, 2 * n_private);
    FOR_EACH (w, n_works) {
        Int n = set_offsets[w + 1] - set_offsets[w], m = partner_offsets[w + 1] - partner_offsets[w];
        add(own, n_private, totals, cell[w], 1);
        if (n > 0 && m > 0)
            add(own, n_private, totals, n_cells + cell[w], 1);
        n_pairs[w + 1] = n * m;
    }
    flush(own, n_private, totals);
}

// Row of each entry of the sets of one side, where the other side is known; what its work adds to the row.
extern "C" __global__ void directed_sparse_side(
    Int n_entries, Int n_works, const int *cell, const Int *set_offsets, const Code *set_codes,
    const Int *other_offsets, const Code *other_codes, Int n_members, Int n_rows, const Int *keys, Int *row,
    Int *works, Int *abroad)
{
    FOR_EACH (i, n_entries) {
        Int w = work_of(set_offsets, n_works, i), m = other_offsets[w + 1] - other_offsets[w];
        if (m == 0)
            continue;
        Int place = position(keys, 0, n_rows, cell[w] * n_members + set_codes[i]);
        row[i] = place;
        add(&works[place], 1);
        if (m > 1 || other_codes[other_offsets[w]] != set_codes[i])
            add(&abroad[place], 1);
    }
}

// Keys of pairs, from the pair `first` on; `pair_offsets` say where those of each work begin.
extern "C" __global__ void directed_sparse_pairs(
    Int n, Int first, Int n_works, const Int *set_offsets, const Int *partner_offsets, const Int *pair_offsets,
    const Int *row, const Int *partner_row, Int n_rows, Int *pair_keys)
{
    FOR_EACH (i, n) {
        Int w = work_of(pair_offsets, n_works, first + i), p = first + i - pair_offsets[w];
        Int m = partner_offsets[w + 1] - partner_offsets[w];
        Int a = row[set_offsets[w] + p / m], b = partner_row[partner_offsets[w] + p % m];
        pair_keys[i] = a == b ? NO_PAIR : a * n_rows + b;
    }
}
