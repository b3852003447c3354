// Works by cell, member and pair: most works have one member or two, and cost one counter each.
//
// `alone` (C, M + 1) counts works of one member, and of none in the last column; `two` (C, P) works of just
// the pair; `more` (C, P) the pairs of works of three or more, whose members `wide` (C, M, 2) counts, and
// adds up their credits. The rest follows from these.
#include "_bitmap.cuh"
#include "_private.cuh"
#include "_words.cuh"

struct Wide {
    unsigned *more;
    Int *wide;
    Int n_members;

    __device__ void member(Int a, Int n, Int rank) const
    {
        Int each = ONE / n;
        add(&wide[2 * a], 1);
        add(&wide[2 * a + 1], each + (rank < ONE - n * each));
    }

    __device__ void pair(Int a, Int b) const
    {
        atomicAdd(&more[pair_column(a, b, n_members)], 1u);
    }
};

// Count a work of three or more of the known members of a word.
__device__ inline void count_word(Word word, Word known, const Wide &counts)
{
    Word members = 0;
    for (Word left = known; left; left &= others(word, first_of(word, left)))
        members |= lowest(left);
    Int n = __popcll(members);
    for (Word left = members; left; left &= left - 1) {
        Int a = first_of(word, left);
        counts.member(a, n, __popcll(below(word, a) & members));
        for (Word rest = left & (left - 1); rest; rest &= rest - 1) {
            Int b = first_of(word, rest);
            counts.pair(a < b ? a : b, a < b ? b : a);
        }
    }
}

// Count a work of n >= 3 members.
__device__ inline void count_bitmap(const Bitmap &bitmap, Int n, const Wide &counts)
{
    Int rank = 0;
    for (Members a(bitmap); a.any(); a.next()) {
        counts.member(a.code(), n, rank++);
        Members b = a;
        for (b.next(); b.any(); b.next())
            counts.pair(a.code(), b.code());
    }
}

// `codes` has n_entries and begins with the entry `first`.
SHARING_KERNEL tally_dense_count(
    Int n_works, const int *__restrict__ cell, const Int *__restrict__ offsets, const Code *__restrict__ codes,
    Int first, Int n_entries, Int n_members, Int n_private, unsigned *alone, unsigned *two, unsigned *more, Int *wide)
{
    SHARED(unsigned, own);
    clear(own, n_private);
    Int n_pairs = n_members * (n_members - 1) / 2;
    FOR_EACH (w, n_works) {
        Int c = cell[w], at = offsets[w] - first, length = offsets[w + 1] - offsets[w];
        Int row = c * (n_members + 1), n = 0, a = 0, b = 0;
        Wide counts = {more + c * n_pairs, wide + 2 * c * n_members, n_members};
        if (length <= WORD) {
            Word known, word = read_word(codes, at, length, n_entries, n_members, &known);
            if (known) {
                a = first_of(word, known);
                Word rest = known & others(word, a);
                b = first_of(word, rest ? rest : known);
                n = rest & others(word, b) ? 3 : rest ? 2 : 1;
                if (n == 3)
                    count_word(word, known, counts);
            }
        } else {
            Bitmap bitmap;
            n = bitmap.fill(codes + at, length, n_members);
            if (n >= 3) {
                count_bitmap(bitmap, n, counts);
            } else if (n) {
                Members member(bitmap);
                a = member.code();
                member.next();
                b = n == 2 ? member.code() : a;
            }
        }
        if (n == 2)
            atomicAdd(&two[c * n_pairs + pair_column(a < b ? a : b, a < b ? b : a, n_members)], 1u);
        else if (n < 2)
            count(own, n_private, alone, row + (n ? a : n_members));
    }
    flush(own, n_private, alone);
}

extern "C" __global__ void tally_dense_pairs(
    Int n, const unsigned *two, const unsigned *more, Int *joint, Int *bilateral)
{
    FOR_EACH (i, n) {
        bilateral[i] = two[i];
        joint[i] = (Int)two[i] + more[i];
    }
}

// Counts of each cell and member; what they add to the totals of the cell. `totals` (6, C) were 0; the last row
// gets the credits of works of three or more.
extern "C" __global__ void tally_dense_members(
    Int n, Int n_cells, Int n_members, const unsigned *alone, const unsigned *two, const unsigned *more,
    const Int *wide, Int *member_works, Int *member_intl, Int *fractional, Int *totals)
{
    Int n_pairs = n_members * (n_members - 1) / 2;
    FOR_EACH (i, n) {
        Int c = i / n_members, a = i % n_members;
        Int single = alone[c * (n_members + 1) + a], as_first = 0, as_second = 0, partners = 0;
        for (Int b = 0; b < n_members; ++b) {
            if (b == a)
                continue;
            Int p = c * n_pairs + (a < b ? pair_column(a, b, n_members) : pair_column(b, a, n_members));
            (a < b ? as_first : as_second) += two[p];
            partners += (Int)two[p] + more[p];
        }
        Int both = as_first + as_second, credit = wide[2 * i + 1];
        member_intl[i] = both + wide[2 * i];
        member_works[i] = single + member_intl[i];
        fractional[i] = single * ONE + both * (ONE / 2) + credit;
        add(&totals[c], single + as_first);
        add(&totals[n_cells + c], single + as_first);
        add(&totals[2 * n_cells + c], as_first);
        add(&totals[3 * n_cells + c], member_works[i]);
        add(&totals[4 * n_cells + c], partners);
        add(&totals[5 * n_cells + c], credit);
    }
}

extern "C" __global__ void tally_dense_cells(Int n_cells, Int n_members, const unsigned *alone, Int *totals)
{
    FOR_EACH (c, n_cells) {
        Int more = totals[5 * n_cells + c] / ONE; // the credits of a work are one
        totals[c] += more + alone[c * (n_members + 1) + n_members];
        totals[n_cells + c] += more;
        totals[2 * n_cells + c] += more;
    }
}
