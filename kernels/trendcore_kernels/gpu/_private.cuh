// Counters of a block: the first n_private of an array are kept in shared memory, where many threads may add
// to the same one, and go to the array when the block is done. All threads of a block must come to `clear`
// and `flush`, with the same n_private. Such a kernel is a SHARING_KERNEL: its blocks have up to 1024 threads.
#pragma once

#include "_common.cuh"

#ifndef SHARING_KERNEL
#define SHARING_KERNEL extern "C" __global__ void __launch_bounds__(1024)
#endif

__device__ inline void clear(unsigned *own, Int n_words)
{
    if (n_words == 0)
        return;
    for (Int i = threadIdx.x; i < n_words; i += blockDim.x)
        own[i] = 0;
    __syncthreads();
}

// Counters of 32 bits: a launch counts less than 2^32 works.
__device__ inline void count(unsigned *own, Int n_private, unsigned *counters, Int i)
{
    if (i < n_private)
        atomicAdd(&own[i], 1u);
    else
        atomicAdd(&counters[i], 1u);
}

__device__ inline void flush(const unsigned *own, Int n_private, unsigned *counters)
{
    if (n_private == 0)
        return;
    __syncthreads();
    for (Int i = threadIdx.x; i < n_private; i += blockDim.x)
        if (own[i])
            atomicAdd(&counters[i], own[i]);
}

// Sums of 64 bits as two halves, since shared memory adds 32 bits in one step but 64 bits by trying again.
__device__ inline void add(unsigned *own, Int n_private, Int *sums, Int i, Int value)
{
    if (i >= n_private) {
        add(&sums[i], value);
        return;
    }
    unsigned low = (unsigned)value, high = (unsigned)((Word)value >> 32);
    high += atomicAdd(&own[2 * i], low) + low < low;
    if (high)
        atomicAdd(&own[2 * i + 1], high);
}

__device__ inline void flush(const unsigned *own, Int n_private, Int *sums)
{
    if (n_private == 0)
        return;
    __syncthreads();
    for (Int i = threadIdx.x; i < n_private; i += blockDim.x)
        if (own[2 * i] | own[2 * i + 1])
            add(&sums[i], (Int)((Word)own[2 * i + 1] << 32 | own[2 * i]));
}
