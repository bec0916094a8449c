// Jobs per second from the first submit to the last end: `true` jobs, each submitted alone over one
// of a few open connections. The rate of each thousand shows whether history slows it down.
// usage: bench-end-to-end DIR [JOBS [CONNECTIONS]]
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include "bench/cluster_client.h"
#include "bench/measure.h"

namespace cox::bench {
namespace {

constexpr std::uint64_t step = 1000;

// Polls the counters, which costs the controller next to nothing.
std::vector<double> watch(ClusterClient* client,
                          std::uint64_t jobs,
                          const std::atomic<std::uint64_t>* submitted) {
  const double begin = monotonic_ms();
  std::vector<double> reached;  // when each thousand had ended
  for (std::uint64_t ended = 0; ended < jobs;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    // Read before asking: a job submitted in between would count as ended.
    const std::uint64_t known = submitted->load();
    const wire::StatusReply status = client->status();
    const std::uint64_t open = status.jobs_pending() + status.jobs_running();
    ended = known > open ? known - open : 0;
    while ((reached.size() + 1) * step <= ended) reached.push_back(monotonic_ms() - begin);
  }
  if (jobs % step != 0) reached.push_back(monotonic_ms() - begin);
  return reached;
}

void print_rates(const std::vector<double>& reached, std::uint64_t jobs) {
  double before = 0;
  std::printf("jobs/s of each thousand:");
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const std::uint64_t count = std::min(step, jobs - i * step);
    std::printf(" %.0f", static_cast<double>(count) / (reached[i] - before) * 1e3);
    before = reached[i];
  }
  std::printf("\nend to end: %.0f jobs/s, %llu jobs in %.2f s\n",
              static_cast<double>(jobs) / before * 1e3, static_cast<unsigned long long>(jobs),
              before / 1e3);
}

void check_states(ClusterClient* client, std::uint64_t first, std::uint64_t jobs) {
  std::map<std::string, std::uint64_t> states;
  for (const wire::JobView& job : client->ended_jobs()) {
    if (job.job() >= first) ++states[job.state()];
  }
  for (const auto& [state, count] : states) {
    std::printf("%s: %llu\n", state.c_str(), static_cast<unsigned long long>(count));
  }
  if (states["COMPLETED"] != jobs) give_up("not every job completed");
}

}  // namespace
}  // namespace cox::bench

int main(int argc, char** argv) {
  using namespace cox::bench;
  if (argc < 2) give_up("usage: bench-end-to-end DIR [JOBS [CONNECTIONS]]");
  const std::string dir = argv[1];
  const auto jobs = static_cast<std::uint64_t>(argc > 2 ? std::atoll(argv[2]) : 10'000);
  const int connections = argc > 3 ? std::atoi(argv[3]) : 4;
  ClusterClient client(dir);
  print_calibration();
  const std::uint64_t first = client.submit({"/bin/true"}) + 1;
  client.wait_for(first - 1);
  std::atomic<std::uint64_t> taken = 0, submitted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&dir, &taken, &submitted, jobs] {
      ClusterClient own(dir);
      while (taken++ < jobs) {
        own.submit({"/bin/true"});
        ++submitted;
      }
    });
  }
  const std::vector<double> reached = watch(&client, jobs, &submitted);
  for (std::thread& thread : threads) thread.join();
  print_rates(reached, jobs);
  check_states(&client, first, jobs);
  return 0;
}
