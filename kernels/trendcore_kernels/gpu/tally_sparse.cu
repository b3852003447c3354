// Works by cell, member and pair, in rows of those that have works; see `rows.cu` for their keys.
#include "_apportion.cuh"
#include "_private.cuh"

// Totals (5, C) of the cells; the number of pairs of each work, after a 0.
SHARING_KERNEL tally_sparse_works(
    Int n_works, const int *cell, const Int *set_offsets, Int n_cells, Int n_private, Int *totals, Int *n_pairs)
{
    SHARED(unsigned, own);
    clear(own, 2 * n_private);
    FOR_EACH (w, n_works) {
        Int c = cell[w], n = set_offsets[w + 1] - set_offsets[w];
        add(own, n_private, totals, c, 1);
        if (n >= 1) {
            add(own, n_private, totals, n_cells + c, 1);
            add(own, n_private, totals, 3 * n_cells + c, n);
        }
        if (n >= 2) {
            add(own, n_private, totals, 2 * n_cells + c, 1);
            add(own, n_private, totals, 4 * n_cells + c, n * (n - 1));
        }
        n_pairs[w + 1] = n * (n - 1) / 2;
    }
    flush(own, n_private, totals);
}

// Row of each entry of the member sets; what its work adds to the row.
extern "C" __global__ void tally_sparse_members(
    Int n_entries, Int n_works, const int *cell, const Int *set_offsets, const Code *set_codes, Int n_members,
    Int n_rows, const Int *keys, Int *row, Int *member_intl, Int *fractional)
{
    FOR_EACH (i, n_entries) {
        Int w = work_of(set_offsets, n_works, i), n = set_offsets[w + 1] - set_offsets[w];
        Int place = position(keys, 0, n_rows, cell[w] * n_members + set_codes[i]);
        row[i] = place;
        if (n >= 2)
            add(&member_intl[place], 1);
        add(&fractional[place], part_of(ONE, n, i - set_offsets[w]));
    }
}

// Keys of pairs, from the pair `first` on; `pair_offsets` say where those of each work begin.
extern "C" __global__ void tally_sparse_pairs(
    Int n, Int first, Int n_works, const Int *set_offsets, const Int *pair_offsets, const Int *row, Int n_rows,
    Int *pair_keys)
{
    FOR_EACH (i, n) {
        Int w = work_of(pair_offsets, n_works, first + i), p = first + i - pair_offsets[w];
        Int begin = set_offsets[w], members = set_offsets[w + 1] - begin;
        // the last a whose pairs begin at p or before
        Int a = first_not(0, members - 1, [=](Int x) { return pair_column(x, x + 1, members) <= p; }) - 1;
        Int b = a + 1 + p - pair_column(a, a + 1, members);
        pair_keys[i] = row[begin + a] * n_rows + row[begin + b];
    }
}

// Works of just the two members of a pair.
extern "C" __global__ void tally_sparse_two(
    Int n_works, const Int *set_offsets, const Int *row, Int n_rows, const Int *pair_keys, Int n_pairs, Int *bilateral)
{
    FOR_EACH (w, n_works) {
        Int begin = set_offsets[w];
        if (set_offsets[w + 1] - begin == 2)
            add(&bilateral[position(pair_keys, 0, n_pairs, row[begin] * n_rows + row[begin + 1])], 1);
    }
}
