// Sum of the draws of the patterns of each row; a thread for each replicate of a row.
#include "_common.cuh"

// `patterns` and `coefficients`, which are 1 where not `given`, begin with the entry `first`.
extern "C" __global__ void replicate_sums(
    Int n, Int n_replicates, const Int *offsets, const int *patterns, const Int *coefficients, Int first, Int given,
    const int *draws, Int *sums)
{
    FOR_EACH (i, n) {
        Int row = i / n_replicates, r = i % n_replicates, sum = 0;
        for (Int entry = offsets[row] - first; entry < offsets[row + 1] - first; ++entry)
            sum += (given ? coefficients[entry] : 1) * draws[patterns[entry] * n_replicates + r];
        sums[i] = sum;
    }
}
