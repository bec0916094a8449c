// The wall time of `cox queue`, and of squeue where its folder is given: of one job among many, and
// of all of them to a pipe. The jobs are held, and cancelled in the end. usage: bench-queue DIR COX
// [JOBS [RUNS [SLURM_DIR]]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "bench/submit_load.h"

namespace {

using namespace cox::bench;

constexpr std::uint64_t jobs_per_batch = 1000;

/// All of its output is read.
double listing_ms(const std::vector<std::string>& argv) {
  std::string text;
  const double ms = spawn_ms(argv, &text);
  if (text.empty()) give_up("cox queue printed nothing");
  return ms;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) give_up("usage: bench-queue DIR COX [JOBS [RUNS [SLURM_DIR]]]");
  const std::string dir = argv[1], cox = argv[2];
  const std::uint64_t jobs = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 100'000;
  const int runs = argc > 4 ? std::atoi(argv[4]) : 200;
  SubmitLoad(dir, 2).run_batches(jobs, jobs_per_batch, true);
  const std::uint64_t there = ClusterClient(dir).status().jobs_pending();
  if (there < jobs) give_up("only " + std::to_string(there) + " jobs wait");
  print_calibration();
  const std::uint64_t first = ClusterClient(dir).submit({"/bin/true"});
  ::setenv("COX_CLUSTER", dir.c_str(), 1);
  const std::string squeue = argc > 5 ? std::string(argv[5]) + "/squeue" : "";
  std::vector<double> one, all, one_of_squeue, all_of_squeue;
  for (int i = 0; i < runs; ++i) {
    const std::string id = std::to_string(first - 1 - static_cast<std::uint64_t>(i) % jobs);
    one.push_back(listing_ms({cox, "queue", id, "--cluster", dir}));
    if (!squeue.empty()) one_of_squeue.push_back(listing_ms({squeue, "-j", id}));
  }
  for (int i = 0; i < std::max(runs / 10, 5); ++i) {
    all.push_back(listing_ms({cox, "queue", "--cluster", dir}));
    if (!squeue.empty()) all_of_squeue.push_back(listing_ms({squeue}));
  }
  print_times("queue of one job among " + std::to_string(jobs), one);
  print_times("queue of all to a pipe", all);
  if (!squeue.empty()) {
    print_times("squeue -j of one job among " + std::to_string(jobs), one_of_squeue);
    print_times("squeue of all to a pipe", all_of_squeue);
  }
  ClusterClient(dir).cancel_all();
  return 0;
}
