// Weight of each pattern in some replicates; a thread makes the words of two replicates at a time.
#include "_philox.cuh"

// Number of thresholds that are not above a word, two words of a block of Philox.
__device__ inline Int reached(const Word *thresholds, Int start, Int stop, unsigned low, unsigned high)
{
    Word word = (Word)high << 32 | low;
    return first_not(start, stop, [=](Int i) { return thresholds[i] <= word; }) - start;
}

// `n_pairs` pairs of replicates hold those from `first` on.
extern "C" __global__ void poisson_draws(
    Int n, Int n_pairs, const Word *key, const Int *works, const Word *thresholds, const Int *starts,
    const Int *least, Int top_level, Int seed_low, Int seed_high, Int first, Int n_replicates, int *draws)
{
    FOR_EACH (i, n) {
        Int p = i / n_pairs, pair = (first >> 1) + i % n_pairs;
        Int even = 0, odd = 0, number = 0, rest = works[p];
        while (rest > 0) {
            Int level = number < top_level ? number : top_level;
            if (level == top_level || (rest & 1)) {
                Philox words = philox(
                    (unsigned)key[p], (unsigned)(key[p] >> 32), (unsigned)pair, (unsigned)number, (unsigned)seed_low,
                    (unsigned)seed_high);
                Int start = starts[level], stop = starts[level + 1];
                even += least[level] + reached(thresholds, start, stop, words.x, words.y);
                odd += least[level] + reached(thresholds, start, stop, words.z, words.w);
            }
            rest = level == top_level ? rest - 1 : rest >> 1;
            ++number;
        }
        Int at = 2 * pair - first;
        int *row = draws + p * n_replicates;
        if (at >= 0 && at < n_replicates)
            row[at] = (int)even;
        if (at + 1 < n_replicates)
            row[at + 1] = (int)odd;
    }
}
