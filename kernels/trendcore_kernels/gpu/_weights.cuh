// The pair weights of one work, one by one in lexicographic order.
#pragma once

#include "_apportion.cuh"
#include "_common.cuh"

// As in `spec.Weighting`.
constexpr Int NEWMAN = 0, PAIR = 1, SHARE = 2, NATURE = 3;

// 2xy/(x + y), rounded half up; 0 where both are 0.
__device__ inline Int harmonic(Int x, Int y)
{
    if (x + y == 0)
        return 0;
    Word both = (Word)(x + y), product = 2 * (Word)x * (Word)y;
    return (Int)(product / both + (2 * (product % both) >= both));
}

// The largest remainders of 2 c_a c_b / ONE over the pairs of n members with these credits.
__device__ inline Largest largest_shares(const Int *credits, Int n)
{
    auto visit = [&](auto see) {
        for (Int i = 0; i < n; ++i)
            for (Int j = i + 1; j < n; ++j)
                see(2 * (Word)credits[i] * (Word)credits[j] & (ONE - 1));
    };
    Word sum = 0;
    visit([&](Word remainder) { sum += remainder; });
    return largest((Int)(sum >> 32), 32, visit);
}

// Call `see(i, j, weight)` for each pair i < j of the n >= 2 members of a work.
template <class See> __device__ inline void each_weight(Int n, const Int *credits, Int weighting, const See &see)
{
    Int n_pairs = n * (n - 1) / 2, p = 0;
    Largest more = weighting == SHARE ? largest_shares(credits, n) : Largest{0, 0};
    for (Int i = 0; i < n; ++i)
        for (Int j = i + 1; j < n; ++j, ++p) {
            Int weight;
            if (weighting == NEWMAN) {
                weight = part_of(n * (ONE / 2), n_pairs, p);
            } else if (weighting == PAIR) {
                weight = part_of(ONE, n_pairs, p);
            } else if (weighting == SHARE) {
                Word product = 2 * (Word)credits[i] * (Word)credits[j];
                weight = (Int)(product >> 32) + more.next(product & (ONE - 1));
            } else if (weighting == NATURE) {
                weight = credits[i] + credits[j];
            } else {
                weight = harmonic(credits[i], credits[j]);
            }
            see(i, j, weight);
        }
}
