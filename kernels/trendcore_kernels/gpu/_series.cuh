// What the kernels of series share.
#pragma once

#include "_order.cuh"

__device__ inline Int sign(double a, double b)
{
    return (a > b) - (a < b);
}

// Median of n numbers.
template <class Each> __device__ inline double median(const Each &each, Int n)
{
    double below = select(each, (n - 1) / 2);
    return (below + (n % 2 ? below : select(each, n / 2))) / 2.0;
}
