// Rates and times of submits over open connections, each acknowledged when it is on disk, with the
// CPU time of the controller for each job. Jobs are held.
// usage: bench-submit-rate DIR [FACTOR [ROW]]: FACTOR times 1,000 jobs of each kind, default 20;
// ROW: one of 1, 4, 64, batch, checkpoint alone.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "bench/submit_load.h"

namespace {

using namespace cox::bench;

constexpr std::uint64_t jobs_per_batch = 1000;
constexpr std::uint64_t jobs_before_checkpoint = 100'000;  // as many as begin one

/// User and system time of a process so far, of all its threads.
double cpu_seconds(std::uint64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) give_up("no process " + std::to_string(pid));
  // Fields behind the name, which may hold anything, from the third on.
  unsigned long user = 0, system = 0;
  const std::string rest = text.substr(text.rfind(')') + 1);
  if (std::sscanf(rest.c_str(), " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user,
                  &system) != 2) {
    give_up("/proc has another form");
  }
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Bench {
  std::string dir;
  std::uint64_t pid;  // of the controller
  std::string row;    // the only one; empty: all

  template <class Load>
  void measure(const std::string& name, const std::string& text, Load load) const {
    if (!row.empty() && row != name) return;
    const double before = cpu_seconds(pid);
    const LoadResult result = load();
    const auto jobs = static_cast<double>(result.acknowledged);
    std::printf("%s: %.0f jobs/s, a request: median %.3f ms, p99 %.3f ms, n %zu; ", text.c_str(),
                jobs / result.seconds, percentile(result.latencies_ms, 50),
                percentile(result.latencies_ms, 99), result.latencies_ms.size());
    std::printf("controller: %.1f us of CPU a job\n", 1e6 * (cpu_seconds(pid) - before) / jobs);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) give_up("usage: bench-submit-rate DIR [FACTOR [ROW]]");
  const std::string dir = argv[1];
  const std::uint64_t jobs = 1000 * (argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20);
  const Bench bench{dir, ClusterClient(dir).status().pid(), argc > 3 ? argv[3] : ""};
  print_calibration();
  for (const Variety variety : {Variety::alike, Variety::distinct}) {
    const std::string how = variety == Variety::alike ? " of jobs alike" : " of distinct jobs";
    const auto single = [&](std::size_t connections, std::uint64_t number) {
      const std::string name = std::to_string(connections);
      const std::string text = name + (connections == 1 ? " connection," : " connections,") + how;
      bench.measure(name, text,
                    [&] { return SubmitLoad(dir, connections, variety).run(number, 1, true); });
    };
    single(1, jobs / 4);
    single(4, jobs);
    single(64, 2 * jobs);
    bench.measure("batch", "2 connections, 1,000 jobs per request," + how, [&] {
      return SubmitLoad(dir, 2, variety).run_batches(10 * jobs, jobs_per_batch, true);
    });
  }
  bench.measure("checkpoint", "1 connection, while a checkpoint runs", [&] {
    SubmitLoad(dir, 2).run_batches(jobs_before_checkpoint, jobs_per_batch, true);
    return SubmitLoad(dir, 1).run(200, 1, true);
  });
  ClusterClient(dir).cancel_all();
  return 0;
}
