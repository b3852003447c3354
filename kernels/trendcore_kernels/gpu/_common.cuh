// What all kernels share. Each `.cu` is compiled three times, for codes of 1, 2 and 4 bytes.
#pragma once

#if CODE_BYTES == 1
typedef unsigned char Code;
#elif CODE_BYTES == 2
typedef unsigned short Code;
#else
typedef unsigned int Code;
#endif
typedef long long Int;
typedef unsigned long long Word;

// one work in fixed point
constexpr Int ONE = 1LL << 32;

// Threads share n things whatever the size of the grid.
#define FOR_EACH(i, n) \
    for (Int i = (Int)blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (Int)gridDim.x * blockDim.x)

// Memory that the threads of a block share, as large as the launch says.
#ifndef SHARED
#define SHARED(type, name) extern __shared__ type name[]
#endif

// Column of the pair a < b: pairs in lexicographic order.
__device__ inline Int pair_column(Int a, Int b, Int n_members)
{
    return a * (2 * n_members - a - 1) / 2 + b - a - 1;
}

// First place from `start` on, before `stop`, that is not before what is looked for.
template <class Before> __device__ inline Int first_not(Int start, Int stop, const Before &before)
{
    while (start < stop) {
        Int middle = (start + stop) >> 1;
        if (before(middle))
            start = middle + 1;
        else
            stop = middle;
    }
    return start;
}

// First place with that value or a greater one; values ascend.
template <class Value> __device__ inline Int position(const Value *values, Int start, Int stop, Int value)
{
    return first_not(start, stop, [=](Int i) { return (Int)values[i] < value; });
}

// Work of an entry: the last one that begins at it or before, which is the one that is not empty.
__device__ inline Int work_of(const Int *offsets, Int n_works, Int entry)
{
    return position(offsets, 1, n_works + 1, entry + 1) - 1;
}

// Add to a sum; two's complement makes signed numbers unsigned ones.
__device__ inline void add(Int *sum, Int value)
{
    atomicAdd((Word *)sum, (Word)value);
}
