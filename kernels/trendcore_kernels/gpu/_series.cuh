// What the kernels of series share.
#pragma once

#include "_common.cuh"

__device__ inline Int sign(double a, double b)
{
    return (a > b) - (a < b);
}

union Bits {
    double number;
    Word word;
};

// NumPy's NaN, to the bit.
__device__ inline double not_a_number()
{
    Bits bits;
    bits.word = 0x7ff8ULL << 48;
    return bits.number;
}

constexpr Word SIGN = 1ULL << 63;

// Words in the order of the numbers.
__device__ inline Word word_of(double number)
{
    Bits bits;
    bits.number = number;
    return bits.word & SIGN ? ~bits.word : bits.word | SIGN;
}

__device__ inline double number_of(Word word)
{
    Bits bits;
    bits.word = word & SIGN ? word & ~SIGN : ~word;
    return bits.number;
}

// The number of a rank among those that `each` hands to a function: by halving, so that none is stored.
template <class Each> __device__ inline double select(const Each &each, Int rank)
{
    Word low = ~0ULL, high = 0;
    each([&](double number) {
        Word word = word_of(number);
        low = word < low ? word : low;
        high = word > high ? word : high;
    });
    while (low < high) {
        Word middle = low + ((high - low) >> 1);
        Int n = 0;
        each([&](double number) { n += word_of(number) <= middle; });
        if (n > rank)
            high = middle;
        else
            low = middle + 1;
    }
    return number_of(low);
}

// Median of n numbers.
template <class Each> __device__ inline double median(const Each &each, Int n)
{
    double below = select(each, (n - 1) / 2);
    return (below + (n % 2 ? below : select(each, n / 2))) / 2.0;
}
