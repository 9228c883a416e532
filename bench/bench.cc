// SPDX-License-Identifier: MIT
// Times every row of the tests that has a bench function, and the layers of bench/layers.c, once per tier, as
// family/row/label/tier; the layers on XNNPACK too, where it is linked, as .../xnnpack. Counters:
//   GFLOP/s, GB/s   from what the row says that one call computes and moves
//   x_scalar        how many times faster than the scalar tier on the same data
//
// All of Google Benchmark's flags work, in wasm too: --benchmark_filter=gemm.*relaxed --benchmark_out=gemm.json
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/layers.h"
#include "tests/harness.h"

namespace {

// Seconds of processor time, so that natively other programs don't count; wasm has only the wall's clock.
double now() {
#ifdef __wasm__
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
#else
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
#endif
}

// The contexts, one per tier; scalar is 0.
std::vector<const lw_context *> contexts;

// Behind the tiers: XNNPACK, for the layers. Its context, to compare with, is the scalar tier's.
size_t xnnpack() {
    return contexts.size();
}
const lw_context *context_of(size_t tier) {
    return contexts[tier == xnnpack() ? 0 : tier];
}

// One lw_bench_add of a row in one tier.
struct Case {
    const lw_row *row;
    size_t tier, index; // the index-th lw_bench_add of the row's bench function
    std::string shape;  // family/row/label: the same in every tier
    double flops, bytes;
};

// The buffers of one row in one tier. All rows at once would take gigabytes, so a row is set up when it is its turn:
// its bench function runs once to tell the names, and again for each load.
class Row {
  public:
    struct Call {
        std::string label;
        double flops, bytes;
        lw_bench_fn *run;
        void *arg;
    };

    Row(const lw_row *row, size_t tier) : row(row), tier(tier) {
        bench.context = context_of(tier);
        bench.row = row;
        bench.user = this;
        bench.add = [](lw_bench *b, const char *label, double flops, double bytes, lw_bench_fn *run, void *arg) {
            static_cast<Row *>(b->user)->calls.push_back({label, flops, bytes, run, arg});
        };
        auto *add_all = row->bench;
#ifdef LW_XNNPACK
        if (tier == xnnpack()) add_all = lw_xnnpack_bench;
#endif
        add_all(&bench);
    }
    Row(const Row &) = delete;
    ~Row() {
        lw_bench_free(&bench);
    }

    bool is(const Case &c) const {
        return c.row == row && c.tier == tier;
    }

    // Seconds that `count` runs of the index-th call take.
    double run(size_t index, int count) const {
        const Call &call = calls[index];
        double start = now();
        for (int i = 0; i < count; i++) call.run(bench.context, call.arg);
        return now() - start;
    }

    // V8 first runs a function in its baseline compiler, several times slower, and replaces it in the background while
    // it is hot; and memory is slow at its first touch.
    void warm_up(size_t index) const {
        int count = 0;
        for (double seconds = 0; seconds < 0.1 || count < 3; count++) seconds += run(index, 1);
    }

    std::vector<Call> calls;

  private:
    const lw_row *row;
    size_t tier;
    lw_bench bench{};
};

// Seconds of one call in the scalar tier: the best of five bursts of about 20 ms after a warm-up. Measured once for
// each shape, right before its first benchmark, so the ratio is there even when the filter leaves the scalar tier out.
double scalar_seconds(const Case &c) {
    static std::map<std::string, double> known;
    auto found = known.find(c.shape);
    if (found != known.end()) return found->second;
    Row scalar(c.row, 0);
    scalar.warm_up(c.index);
    int count = std::max(1, static_cast<int>(0.02 / std::max(scalar.run(c.index, 1), 1e-7)));
    double best = 1e9;
    for (int burst = 0; burst < 5; burst++) best = std::min(best, scalar.run(c.index, count) / count);
    return known[c.shape] = best;
}

// Google Benchmark calls this several times, with more iterations each time.
void measure(benchmark::State &state, const Case &c) {
    static std::unique_ptr<Row> row;
    static const Case *warm;
    double scalar = scalar_seconds(c);
    if (!row || !row->is(c)) {
        row.reset(); // the old one's memory first
        row = std::make_unique<Row>(c.row, c.tier);
        warm = nullptr;
    }
    if (warm != &c) row->warm_up(c.index);
    warm = &c;

    const Row::Call &call = row->calls[c.index];
    double start = now();
    for (auto _ : state) {
        call.run(context_of(c.tier), call.arg);
        benchmark::ClobberMemory();
    }
    double seconds = (now() - start) / static_cast<double>(state.iterations());
    if (c.flops > 0) state.counters["GFLOP/s"] = c.flops / seconds * 1e-9;
    if (c.bytes > 0) state.counters["GB/s"] = c.bytes / seconds * 1e-9;
    state.counters["x_scalar"] = scalar / seconds;
}

} // namespace

// Rows' checks don't run here, but a bench function may find that an operator refuses its shape.
void lw_test_report(const char *message) {
    std::fprintf(stderr, "%s\n", message);
    std::exit(1);
}

int main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;

    for (size_t tier = 0; tier < lw_tier_count(); tier++) {
        lw_context_options forced{};
        forced.struct_bytes = sizeof forced;
        forced.tier = lw_tier_name(tier);
        lw_context *context; // lives until the program ends
        size_t bytes = lw_context_bytes();
        if (lw_context_create(std::malloc(bytes), bytes, &forced, &context) != LW_OK) return 1;
        contexts.push_back(context);
    }

    std::vector<const lw_family *> families(lw_families, lw_families + lw_families_count);
    families.push_back(&lw_layers_family);
    std::list<Case> cases; // a list: the registered functions refer to its elements
    for (const lw_family *family : families) {
        for (size_t r = 0; r < family->count; r++) {
            const lw_row *row = &family->rows[r];
            if (!row->bench) continue;
            Row shapes(row, 0);
            for (size_t i = 0; i < shapes.calls.size(); i++) {
                const Row::Call &call = shapes.calls[i];
                std::string shape = std::string(family->name) + "/" + row->name + "/" + call.label;
                size_t sides = contexts.size();
#ifdef LW_XNNPACK
                if (family == &lw_layers_family && lw_xnnpack_has(&lw_layers[i])) sides++;
#endif
                for (size_t tier = 0; tier < sides; tier++) {
                    const Case &c = cases.emplace_back(Case{row, tier, i, shape, call.flops, call.bytes});
                    std::string name = shape + "/" + (tier == xnnpack() ? "xnnpack" : lw_tier_name(tier));
                    benchmark::RegisterBenchmark(name.c_str(), [&c](benchmark::State &state) {
                        measure(state, c);
                    })->Unit(benchmark::kMicrosecond);
                }
            }
        }
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
