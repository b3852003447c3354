// Up to eight codes below 256 as one number of 64 bits. What is asked of all codes at once is answered by the
// top bit of each of the eight bytes.
#pragma once

#include "_common.cuh"

// entries in a word
constexpr Int WORD = 8;
constexpr Word TOPS = 0x8080808080808080;
constexpr Word BELOW_TOPS = 0x7F7F7F7F7F7F7F7F;
constexpr Word ONES = 0x0101010101010101;

// Top bits of the bytes that are not this code.
__device__ inline Word others(Word word, Word code)
{
    Word apart = word ^ code * ONES;
    return (((apart & BELOW_TOPS) + BELOW_TOPS) | apart) & TOPS;
}

// Top bits of the bytes below n, which is at most 256.
__device__ inline Word below(Word word, Int n)
{
    Word small = n <= 128 ? TOPS : 0;
    Word reached = (word & BELOW_TOPS) + (Word)(n <= 128 ? 128 - n : 256 - n) * ONES;
    return ~((reached & word) | ((reached | word) & small)) & TOPS;
}

// The lowest of some top bits.
__device__ inline Word lowest(Word tops)
{
    return tops & (0 - tops);
}

// Code of the first byte whose top bit is set; one of them must be.
__device__ inline Int first_of(Word word, Word tops)
{
    return (Int)(word >> (__ffsll((Int)tops) - 8) & 255);
}

// Read the n <= 8 codes that begin `at` some place; `known` gets the top bits of the known members.
__device__ inline Word read_word(
    const Code *codes, Int at, Int n, Int n_entries, Int n_members, Word *known)
{
    if (n == 0) {
        *known = 0;
        return 0;
    }
    // whole words of the memory, where codes are bytes and the words lie inside the array
    Int shift = (Int)((Word)(codes + at) & 7);
    bool second = shift + n > 8;
    if (CODE_BYTES == 1 && at >= shift && at - shift + (second ? 16 : 8) <= n_entries) {
        const Word *words = (const Word *)(codes + (at - shift));
        Word word = words[0] >> 8 * shift;
        if (second)
            word |= words[1] << (64 - 8 * shift);
        *known = below(word, n_members) & TOPS >> (64 - 8 * n);
        return word;
    }
    Word word = 0, tops = 0;
    for (Int i = 0; i < n; ++i) {
        Code code = codes[at + i];
        if (code < n_members) {
            word |= (Word)code << 8 * i;
            tops |= 128ull << 8 * i;
        }
    }
    *known = tops;
    return word;
}
