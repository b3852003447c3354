// Distinct known members of each work: found in place in a copy of the lists, then moved together.
#include "_common.cuh"

// longer lists are sorted
constexpr Int SHORT_LIST = 32;

// Let the value at `root` sink to its place in a heap of n values.
__device__ inline void sink(Code *heap, Int root, Int n)
{
    Code value = heap[root];
    for (Int child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && heap[child] < heap[child + 1])
            ++child;
        if (heap[child] <= value)
            break;
        heap[root] = heap[child];
    }
    heap[root] = value;
}

// Heapsort: in place, and without the recursion that a GPU has no stack for.
__device__ inline void sort(Code *values, Int n)
{
    for (Int root = n / 2 - 1; root >= 0; --root)
        sink(values, root, n);
    for (Int end = n - 1; end > 0; --end) {
        Code largest = values[0];
        values[0] = values[end];
        values[end] = largest;
        sink(values, 0, end);
    }
}

__device__ inline Int distinct_of_many(const Code *list, Int length, Int n_members, Code *set)
{
    Int known = 0;
    for (Int i = 0; i < length; ++i)
        if (list[i] < n_members)
            set[known++] = list[i];
    sort(set, known);
    Int n = 0;
    for (Int i = 0; i < known; ++i)
        if (i == 0 || set[i] != set[n - 1])
            set[n++] = set[i];
    return n;
}

// Write the distinct known members of a list, ascending, to `set`, which has room for the list; count them.
__device__ inline Int distinct(const Code *list, Int length, Int n_members, Code *set)
{
    if (length > SHORT_LIST)
        return distinct_of_many(list, length, n_members, set);
    Int n = 0;
    for (Int i = 0; i < length; ++i) {
        Code code = list[i];
        if (code >= n_members)
            continue;
        Int place = n;
        while (place > 0 && set[place - 1] > code)
            --place;
        if (place > 0 && set[place - 1] == code)
            continue;
        for (Int j = n++; j > place; --j)
            set[j] = set[j - 1];
        set[place] = code;
    }
    return n;
}

// `codes` begins with the entry `first`; `sizes` (W+1,) begins with a 0.
extern "C" __global__ void member_sets_find(
    Int n_works, const Int *offsets, const Code *codes, Int first, Int n_members, Int least, Code *found, Int *sizes)
{
    FOR_EACH (w, n_works) {
        Int begin = offsets[w];
        Int n = distinct(codes + (begin - first), offsets[w + 1] - begin, n_members, found + (begin - offsets[0]));
        sizes[w + 1] = n >= least ? n : 0;
    }
}

extern "C" __global__ void member_sets_move(
    Int n_works, const Int *offsets, const Code *found, const Int *set_offsets, Code *set_codes)
{
    FOR_EACH (w, n_works) {
        const Code *set = found + (offsets[w] - offsets[0]);
        for (Int i = set_offsets[w]; i < set_offsets[w + 1]; ++i)
            set_codes[i] = *set++;
    }
}
