// Joint works of pairs of members in draws of the null. The entries of all works lie one after the other, each
// with its member in all draws, so that threads side by side are draws that read and write side by side.
#include "_philox.cuh"

// Members that the smaller of two works offers.
__device__ inline Int n_offers(Int few, Int many)
{
    return few < many ? few : few > 0 ? few - 1 : 0;
}

// The two works that meet, the one with fewer members first.
struct Meeting {
    Int few, many, n_few, n_many;
};

__device__ inline Meeting meeting(const int *meetings, Int place, const Int *offsets)
{
    Int few = meetings[2 * place], many = meetings[2 * place + 1];
    Int n_few = offsets[few + 1] - offsets[few], n_many = offsets[many + 1] - offsets[many];
    if (n_many < n_few)
        return {offsets[many], offsets[few], n_many, n_few};
    return {offsets[few], offsets[many], n_few, n_many};
}

// Offers of each meeting.
extern "C" __global__ void null_joint_offers(Int n, const int *meetings, const Int *offsets, Int *offers)
{
    FOR_EACH (i, n) {
        Meeting of = meeting(meetings, i, offsets);
        offers[i] = n_offers(of.n_few, of.n_many);
    }
}

extern "C" __global__ void null_joint_start(Int n, Int n_draws, const Code *codes, Code *state)
{
    FOR_EACH (i, n)
        state[i] = codes[i / n_draws];
}

// All meetings of a round, which begin with the meeting `start`, in all draws; `sums` are those of the offers
// up to each meeting of all rounds.
extern "C" __global__ void null_joint_exchange(
    Int n, Int round, Int start, const int *meetings, const Int *offsets, const Int *sums, const Int *draws,
    Int n_draws, Int low, Int high, Code *state)
{
    FOR_EACH (i, n) {
        Int place = start + i / n_draws, draw = i % n_draws;
        Meeting of = meeting(meetings, place, offsets);
        Int offers = (place ? sums[place - 1] : 0) - (start ? sums[start - 1] : 0);
        Code *few = state + of.few * n_draws + draw, *many = state + of.many * n_draws + draw;
        for (Int own = 0; own < n_offers(of.n_few, of.n_many); ++own, ++offers) {
            Philox words = philox((unsigned)(offers >> 2), (unsigned)round, (unsigned)draws[draw], 0,
                                  (unsigned)low, (unsigned)high);
            unsigned each[4] = {words.x, words.y, words.z, words.w};
            Int other = (Int)((Word)each[offers & 3] * (Word)(of.n_many + 1) >> 32);
            if (other == of.n_many)
                continue;
            Code offered = few[own * n_draws], wanted = many[other * n_draws];
            bool had = false;
            for (Int j = 0; j < of.n_many; ++j)
                had |= many[j * n_draws] == offered;
            for (Int j = 0; j < of.n_few; ++j)
                had |= few[j * n_draws] == wanted;
            if (!had) {
                few[own * n_draws] = wanted;
                many[other * n_draws] = offered;
            }
        }
    }
}

// Where the rows of each member as a begin.
extern "C" __global__ void null_joint_rows(Int n, const Int *a, Int n_pairs, Int *starts)
{
    FOR_EACH (member, n)
        starts[member] = position(a, 0, n_pairs, member);
}

extern "C" __global__ void null_joint_count(
    Int n, Int n_draws, const Int *offsets, const Code *state, const Int *starts, const Int *b, Int n_pairs,
    int *joint)
{
    FOR_EACH (i, n) {
        Int work = i / n_draws, draw = i % n_draws;
        for (Int j = offsets[work]; j < offsets[work + 1]; ++j)
            for (Int k = offsets[work]; k < j; ++k) {
                Code one = state[j * n_draws + draw], two = state[k * n_draws + draw];
                Int first = one < two ? one : two, second = one < two ? two : one;
                Int row = position(b, starts[first], starts[first + 1], second);
                if (row < starts[first + 1] && b[row] == second)
                    atomicAdd(&joint[draw * n_pairs + row], 1);
            }
    }
}
