// Works by cell and member set. The rank of a work is how many works stand before it as far as sets have been read:
// works of equal rank are told apart by their next codes, as many as fit a key, and so on.
#include "_common.cuh"

// Whether a work has so many members at least, after a 0.
extern "C" __global__ void patterns_select(Int n_works, const Int *set_offsets, Int length, Int *is_chosen)
{
    FOR_EACH (w, n_works)
        is_chosen[w + 1] = set_offsets[w + 1] - set_offsets[w] >= length;
}

// The works that are chosen, of which `places` has the sum.
extern "C" __global__ void patterns_choose(Int n_works, const Int *places, Int *chosen)
{
    FOR_EACH (w, n_works)
        if (places[w] < places[w + 1])
            chosen[places[w]] = w;
}

extern "C" __global__ void patterns_begin(Int n_works, const int *cell, Int *rank)
{
    FOR_EACH (w, n_works)
        rank[w] = cell[w];
}

// Keys of works: the rank, and `n_codes` codes after the first `n_read`, each of them `bits` wide; 0 is the end.
extern "C" __global__ void patterns_keys(
    Int n, const Int *chosen, const Int *set_offsets, const Code *set_codes, Int first, const Int *rank, Int n_read,
    Int n_codes, Int bits, Int *keys)
{
    FOR_EACH (i, n) {
        Int w = chosen[i], key = rank[w], stop = set_offsets[w + 1] - first;
        Int entry = set_offsets[w] - first + n_read;
        for (Int last = entry + n_codes; entry < last; ++entry)
            key = key << bits | (entry < stop ? (Int)set_codes[entry] + 1 : 0);
        keys[i] = key;
    }
}

// Ranks of works by their keys. `upto` says how many works have each of the distinct keys or a smaller one; keys
// without their last `shift` bits are the ranks before, or cells where no ranks are `known`.
extern "C" __global__ void patterns_rank(
    Int n, const Int *chosen, const Int *keys, Int n_distinct, const Int *distinct, const Int *upto, Int shift,
    Int known, Int *rank)
{
    auto before = [=](Int key) {
        Int place = position(distinct, 0, n_distinct, key);
        return place ? upto[place - 1] : 0;
    };
    FOR_EACH (i, n) {
        Int group = keys[i] >> shift << shift;
        rank[chosen[i]] = before(keys[i]) + (known ? rank[chosen[i]] - before(group) : 0);
    }
}

// Works of each pattern, and one work that has it: any, since their sets are the same.
extern "C" __global__ void patterns_count(
    Int n, const Int *chosen, const Int *rank, Int n_patterns, const Int *ranks, const Int *times, Int given, Int *one,
    Int *sums)
{
    FOR_EACH (i, n) {
        Int w = chosen[i], p = position(ranks, 0, n_patterns, rank[w]);
        one[p] = w;
        add(&sums[p], given ? times[w] : 1);
    }
}

// Cells of the patterns, and sizes of their sets, after a 0.
extern "C" __global__ void patterns_sizes(
    Int n_patterns, const Int *one, const int *cell, const Int *set_offsets, Int *pattern_cell, Int *sizes)
{
    FOR_EACH (p, n_patterns) {
        pattern_cell[p] = cell[one[p]];
        sizes[p + 1] = set_offsets[one[p] + 1] - set_offsets[one[p]];
    }
}

extern "C" __global__ void patterns_move(
    Int n_patterns, const Int *one, const Int *set_offsets, const Code *set_codes, Int first, const Int *offsets,
    Code *codes)
{
    FOR_EACH (p, n_patterns) {
        const Code *set = set_codes + (set_offsets[one[p]] - first);
        for (Int i = offsets[p]; i < offsets[p + 1]; ++i)
            codes[i] = *set++;
    }
}
