// Works by cell, and by a among the members and b among the partners.
//
// `counters` are those of 32 bits: all works and works with both sides known (2, C); then works with a member,
// with a partner, and of these the ones with another on the other side (4, C, M).
#include "_bitmap.cuh"
#include "_private.cuh"

// The arrays of codes begin with the entries `first` and `first_partner`.
SHARING_KERNEL directed_dense_count(
    Int n_works, const int *cell, const Int *offsets, const Code *codes, Int first, const Int *partner_offsets,
    const Code *partner_codes, Int first_partner, Int n_cells, Int n_members, Int n_private, unsigned *counters,
    unsigned *joint)
{
    SHARED(unsigned, own);
    clear(own, n_private);
    Int n_counts = n_cells * n_members;
    FOR_EACH (w, n_works) {
        Int c = cell[w], row = 2 * n_cells + c * n_members;
        Bitmap members, partners;
        Int n = members.fill(codes + (offsets[w] - first), offsets[w + 1] - offsets[w], n_members);
        Int begin = partner_offsets[w], m = partners.fill(
            partner_codes + (begin - first_partner), partner_offsets[w + 1] - begin, n_members);
        count(own, n_private, counters, c);
        if (n == 0 || m == 0)
            continue;
        count(own, n_private, counters, n_cells + c);
        for (Members a(members); a.any(); a.next()) {
            count(own, n_private, counters, row + a.code());
            if (m > 1 || !partners.has(a.code()))
                count(own, n_private, counters, row + 2 * n_counts + a.code());
            for (Members b(partners); b.any(); b.next())
                if (a.code() != b.code())
                    atomicAdd(&joint[(c * n_members + a.code()) * n_members + b.code()], 1u);
        }
        for (Members b(partners); b.any(); b.next()) {
            count(own, n_private, counters, row + n_counts + b.code());
            if (n > 1 || !members.has(b.code()))
                count(own, n_private, counters, row + 3 * n_counts + b.code());
        }
    }
    flush(own, n_private, counters);
}

extern "C" __global__ void directed_dense_widen(Int n, const unsigned *counters, Int *counts)
{
    FOR_EACH (i, n)
        counts[i] = counters[i];
}
