// Numbers by their rank, exactly: as words of 64 bits in the same order, counted in ever smaller intervals.
#pragma once

#include "_common.cuh"

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

// Parts of an interval.
constexpr int PARTS = 8;

// By how much to shift words up to `most` so that they number the parts.
__device__ inline int part_shift(Word most)
{
    int shift = 0;
    while (most >> shift >= PARTS)
        ++shift;
    return shift;
}

// The number of a rank among those that `each` hands to a function, the same ones each time; none is stored.
template <class Each> __device__ inline double select(const Each &each, Int rank)
{
    Word low = ~0ULL, high = 0;
    each([&](double number) {
        Word word = word_of(number);
        low = word < low ? word : low;
        high = word > high ? word : high;
    });
    while (low < high) {
        int shift = part_shift(high - low), part = 0;
        Word least = high, greatest = low;
        Int below[PARTS] = {}; // numbers of the interval in the parts before each
        each([&](double number) {
            Word word = word_of(number);
            if (word < low || word > high)
                return;
            least = word < least ? word : least;
            greatest = word > greatest ? word : greatest;
            for (int i = 1; i < PARTS; ++i)
                below[i] += (word - low) >> shift < (Word)i;
        });
        Int before = 0;
        for (int i = 1; i < PARTS; ++i)
            if (below[i] <= rank) {
                part = i;
                before = below[i];
            }
        rank -= before;
        low += (Word)part << shift;
        Word width = (1ULL << shift) - 1;
        high = high - low > width ? low + width : high;
        low = least > low ? least : low;
        high = greatest < high ? greatest : high;
    }
    return number_of(low);
}
