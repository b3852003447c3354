// CUDA C++ as plain C++: enough for the kernels to run on a CPU, under sanitizers too.
//
// The blocks of a grid run one after the other. Where a launch has shared memory the threads of a block are
// threads that wait for one another at barriers; else they too run one after the other.
#pragma once

#include <atomic>
#include <barrier>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define SHARING_KERNEL extern "C" void

struct Index {
    unsigned x;
};

static Index gridDim, blockDim, blockIdx;
static thread_local Index threadIdx;
static std::barrier<> *barrier;
static std::unique_ptr<char[]> shared_memory;

// As large as the launch says and no larger, so that the sanitizer sees what lies beyond.
#define SHARED(type, name) type *name = reinterpret_cast<type *>(shared_memory.get())

static inline void __syncthreads()
{
    if (!barrier) {
        std::fputs("a launch without shared memory waits at a barrier\n", stderr);
        std::abort();
    }
    barrier->arrive_and_wait();
}

template <class Number> static Number atomicAdd(Number *sum, Number value)
{
    return std::atomic_ref<Number>(*sum).fetch_add(value);
}

static inline int __ffs(int x)
{
    return __builtin_ffs(x);
}

static inline int __ffsll(long long x)
{
    return __builtin_ffsll(x);
}

static inline int __popcll(unsigned long long x)
{
    return __builtin_popcountll(x);
}

template <class Kernel> static void run(unsigned grid, unsigned block, long long shared, Kernel kernel)
{
    gridDim = {grid};
    blockDim = {block};
    for (unsigned b = 0; b < grid; ++b) {
        blockIdx = {b};
        if (shared == 0) {
            for (unsigned t = 0; t < block; ++t) {
                threadIdx = {t};
                kernel();
            }
            continue;
        }
        shared_memory.reset(new char[shared]);
        std::barrier<> meeting(block);
        barrier = &meeting;
        std::vector<std::thread> threads;
        for (unsigned t = 0; t < block; ++t)
            threads.emplace_back([t, &kernel] {
                threadIdx = {t};
                kernel();
            });
        for (std::thread &each : threads)
            each.join();
        barrier = nullptr;
        shared_memory.reset();
    }
}

template <class... Types, std::size_t... Places>
static void call(void (*kernel)(Types...), void **arguments, unsigned grid, unsigned block, long long shared,
                 std::index_sequence<Places...>)
{
    run(grid, block, shared, [&] { kernel(*static_cast<Types *>(arguments[Places])...); });
}

// Launch a kernel with pointers to its arguments, as CUDA's driver does.
template <class... Types>
static void launch(void (*kernel)(Types...), int n, void **arguments, unsigned grid, unsigned block, long long shared)
{
    if (n != sizeof...(Types)) {
        std::fprintf(stderr, "%d arguments for %zu parameters\n", n, sizeof...(Types));
        std::abort();
    }
    call(kernel, arguments, grid, block, shared, std::index_sequence_for<Types...>());
}
