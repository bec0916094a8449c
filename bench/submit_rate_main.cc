// Rates and times of submits over open connections, each acknowledged when it is on disk. Jobs are
// held. usage: bench-submit-rate DIR [FACTOR]: FACTOR times 1,000 jobs of each kind, default 20.
#include <cstdio>
#include <cstdlib>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "bench/submit_load.h"

namespace {

using namespace cox::bench;

void print(const char* name, const LoadResult& result) {
  std::printf("%s: %.0f jobs/s, a request: median %.3f ms, p99 %.3f ms, n %zu\n", name,
              static_cast<double>(result.acknowledged) / result.seconds,
              percentile(result.latencies_ms, 50), percentile(result.latencies_ms, 99),
              result.latencies_ms.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) give_up("usage: bench-submit-rate DIR [FACTOR]");
  const std::string dir = argv[1];
  const std::uint64_t jobs = 1000 * (argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20);
  print_calibration();
  print("1 connection", SubmitLoad(dir, 1).run(jobs / 4, 1, true));
  print("4 connections", SubmitLoad(dir, 4).run(jobs, 1, true));
  print("64 connections", SubmitLoad(dir, 64).run(2 * jobs, 1, true));
  print("1,000 jobs per request, 1 connection",
        SubmitLoad(dir, 1).run_batches(5 * jobs, 1000, true));
  print("1,000 jobs per request, 2 connections",
        SubmitLoad(dir, 2).run_batches(10 * jobs, 1000, true));
  ClusterClient(dir).cancel_all();
  return 0;
}
