// The members of a work of at most 256 members as bits: distinct and ascending by themselves.
#pragma once

#include "_common.cuh"

struct Bitmap {
    unsigned bits[8];

    // Take the known members of a list; count them.
    __device__ Int fill(const Code *list, Int length, Int n_members)
    {
        Int n = 0;
        for (int i = 0; i < 8; ++i)
            bits[i] = 0;
        for (Int i = 0; i < length; ++i) {
            if (list[i] >= n_members)
                continue;
            unsigned bit = 1u << (list[i] & 31), *place = &bits[list[i] >> 5 & 7];
            n += !(*place & bit);
            *place |= bit;
        }
        return n;
    }

    __device__ bool has(Int code) const
    {
        return bits[code >> 5] >> (code & 31) & 1;
    }
};

// Members in their order, from one on; `for (Members a(bitmap); a.any(); a.next())`.
struct Members {
    const Bitmap &bitmap;
    int block;
    unsigned rest;

    __device__ explicit Members(const Bitmap &of) : bitmap(of), block(0), rest(of.bits[0])
    {
        skip();
    }

    __device__ void skip()
    {
        while (rest == 0 && block < 7)
            rest = bitmap.bits[++block];
    }

    __device__ bool any() const
    {
        return rest != 0;
    }

    __device__ void next()
    {
        rest &= rest - 1;
        skip();
    }

    __device__ Int code() const
    {
        return 32 * block + __ffs((int)rest) - 1;
    }
};
