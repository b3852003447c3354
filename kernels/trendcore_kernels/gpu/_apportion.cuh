// Largest remainders without memory for them: which ones are the largest is found bit by bit.
#pragma once

#include "_common.cuh"

// The `rest` largest of some remainders: those above `least`, and the first `ties` of those that equal it.
struct Largest {
    Word least;
    Int ties;

    // Whether a remainder is one of them; asked of all remainders in their order.
    __device__ bool next(Word remainder)
    {
        return remainder > least || (remainder == least && ties-- > 0);
    }
};

// Find the `rest` largest of remainders below 2^bits, of which at least as many are above 0.
// `visit(see)` calls `see(remainder)` for each of them.
template <class Visit> __device__ inline Largest largest(Int rest, int bits, const Visit &visit)
{
    if (rest == 0)
        return {~0ull, 0};
    // the greatest number that at least `rest` remainders reach
    Word least = 0;
    Int above = 0;
    for (int bit = bits - 1; bit >= 0; --bit) {
        Word middle = least | 1ull << bit;
        Int reach = 0;
        visit([&](Word remainder) { reach += remainder >= middle; });
        if (reach >= rest)
            least = middle;
        else
            above = reach; // in the end: how many are greater
    }
    return {least, rest - above};
}

// Part i of a total divided into n equal parts, of which the first ones get the rest.
__device__ inline Int part_of(Int total, Int n, Int i)
{
    Int each = total / n;
    return each + (i < total - each * n);
}
