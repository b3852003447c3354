// Order of works in each round: their words, and then their places from what was sorted.
#include "_philox.cuh"

// Words stand above places in one number, so that ties are sorted by place.
extern "C" __global__ void null_orders_words(
    Int n, Int n_blocks, const Int *rounds, Int n_works, Int low, Int high, Int *keys)
{
    FOR_EACH (i, n) {
        Int row = i / n_blocks, block = i % n_blocks;
        Philox words = philox((unsigned)block, (unsigned)rounds[row], 0, 1, (unsigned)low, (unsigned)high);
        unsigned each[4] = {words.x, words.y, words.z, words.w};
        for (Int place = 4 * block; place < 4 * block + 4 && place < n_works; ++place)
            // places are below 2^31, so that the number has 63 bits
            keys[row * n_works + place] = (Int)((Word)each[place & 3] << 31 | (Word)place);
    }
}

extern "C" __global__ void null_orders_places(Int n, const Int *keys, int *order)
{
    FOR_EACH (i, n)
        order[i] = (int)(keys[i] & 0x7fffffff);
}
