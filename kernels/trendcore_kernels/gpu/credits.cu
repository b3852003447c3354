// Credit of each entry of the member sets; one thread a work.
#include "_apportion.cuh"
#include "_common.cuh"

// As in `spec.Credit`.
constexpr Int COUNTRY = 0, COMPLETE = 1, AUTHOR = 3, STRAIGHT = 4, MODIFIED = 5;

// Replace n parts by their ratios to the whole, which is at least as large as each of them.
__device__ inline void apportion(Int *parts, Int n, Word whole)
{
    auto remainder = [&](Int i) { // the product of a part that is all would take 65 bits
        return (Word)parts[i] == whole ? 0 : ((Word)parts[i] << 32) % whole;
    };
    Word sum = 0;
    for (Int i = 0; i < n; ++i)
        sum += remainder(i);
    Largest more = largest((Int)(sum / whole), 32, [&](auto see) {
        for (Int i = 0; i < n; ++i)
            see(remainder(i));
    });
    for (Int i = 0; i < n; ++i) {
        Int ratio = (Word)parts[i] == whole ? ONE : (Int)(((Word)parts[i] << 32) / whole);
        parts[i] = ratio + more.next(remainder(i));
    }
}

// Square root of x * ONE, rounded down, for x up to ONE.
__device__ inline Int root_of(Int x)
{
    if (x == ONE)
        return ONE;
    Word product = (Word)x << 32, most = (Word)ONE - 1, root = (Word)sqrt((double)product);
    if (root > most)
        root = most;
    while (root * root > product)
        --root;
    while (root < most && (root + 1) * (root + 1) <= product)
        ++root;
    return (Int)root;
}

// Units of each member, or the shares of these, to `own`; returns their sum.
__device__ inline Int add_units(
    const Code *set, Int n, const Code *unit_codes, const Int *unit_shares, Int n_units, Int *own)
{
    Int known = 0;
    for (Int i = 0; i < n; ++i)
        own[i] = 0;
    for (Int unit = 0; unit < n_units; ++unit) {
        Int place = position(set, 0, n, unit_codes[unit]);
        if (place == n || set[place] != unit_codes[unit])
            continue;
        Int part = unit_shares ? unit_shares[unit] : 1;
        own[place] += part;
        known += part;
    }
    return known;
}

// The arrays of sets and units begin with the entries `first_set` and `first_unit`. `given` and `shared` say
// whether there are units, and whether they have shares.
extern "C" __global__ void credits_divide(
    Int n_works, const Int *set_offsets, const Code *set_codes, Int first_set, const Int *unit_offsets,
    const Code *unit_codes, const Int *unit_shares, Int first_unit, const Code *first, Int credit, Int keep_unknown,
    Int given, Int shared, Int *out)
{
    bool by_share = credit == AUTHOR || credit == MODIFIED;
    FOR_EACH (w, n_works) {
        Int begin = set_offsets[w] - first_set, n = set_offsets[w + 1] - set_offsets[w];
        const Code *set = set_codes + begin;
        Int *own = out + (set_offsets[w] - set_offsets[0]);
        if (credit == STRAIGHT) {
            for (Int i = 0; i < n; ++i)
                own[i] = set[i] == first[w] ? ONE : 0;
        } else if (credit == COUNTRY || (by_share && !shared)) {
            for (Int i = 0; i < n; ++i)
                own[i] = part_of(ONE, n, i);
        } else {
            Int at = given ? unit_offsets[w] - first_unit : 0;
            Int n_units = given ? unit_offsets[w + 1] - unit_offsets[w] : 0;
            const Int *shares = by_share ? unit_shares + at : nullptr;
            Int known = add_units(set, n, unit_codes + at, shares, n_units, own);
            if (credit == COMPLETE) {
                for (Int i = 0; i < n; ++i)
                    own[i] *= ONE;
            } else if (known > 0) {
                apportion(own, n, (Word)(!keep_unknown ? known : by_share ? ONE : n_units));
            } else {
                for (Int i = 0; i < n; ++i)
                    own[i] = keep_unknown ? 0 : part_of(ONE, n, i);
            }
        }
        if (credit == MODIFIED)
            for (Int i = 0; i < n; ++i)
                own[i] = root_of(own[i]);
    }
}
