// What a user waits for an answer while a large cluster is at its busiest: `cox queue JOB` while
// jobs that were submitted one by one drain over pretended nodes. The cluster is made in DIR, which
// must not be there, and taken down again. usage: bench-drain DIR COX [NODES [JOBS]]
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "bench/submit_load.h"

namespace cox::bench {
namespace {

constexpr std::size_t connections = 4;

/// CPU time that a process has used.
double cpu_seconds(int pid) {
  std::FILE* file = std::fopen(("/proc/" + std::to_string(pid) + "/schedstat").c_str(), "r");
  unsigned long long ns = 0;
  if (file != nullptr && std::fscanf(file, "%llu", &ns) != 1) ns = 0;
  if (file != nullptr) std::fclose(file);
  return static_cast<double>(ns) / 1e9;  // of its first thread, the loop
}

int daemon_pid(const std::string& file) {
  std::FILE* opened = std::fopen(file.c_str(), "r");
  int pid = 0;
  if (opened == nullptr || std::fscanf(opened, "%d", &pid) != 1)
    give_up(file + " names no process");
  std::fclose(opened);
  return pid;
}

struct Asked {
  std::vector<double> queue_ms, beside_ms;  // beside: /bin/true, in turns
};

/// Asks for one job after the other, of all that were submitted so far, until `is_over`.
template <class IsOver>
Asked ask_until(const std::string& dir,
                const std::string& cox,
                const std::atomic<std::uint64_t>& newest,
                IsOver is_over) {
  Asked asked;
  for (std::uint64_t turn = 1; !is_over(); ++turn) {
    const std::uint64_t job = 1 + turn * 7919 % newest.load();
    asked.queue_ms.push_back(spawn_ms({cox, "queue", std::to_string(job), "--cluster", dir}));
    asked.beside_ms.push_back(spawn_ms({"/bin/true"}));
  }
  return asked;
}

void print_asked(const std::string& when, const Asked& asked) {
  print_times("cox queue JOB while " + when, asked.queue_ms);
  print_times("  /bin/true beside it", asked.beside_ms);
}

std::uint64_t left(ClusterClient& client) {
  const wire::StatusReply status = client.status();
  return status.jobs_pending() + status.jobs_running();
}

void measure(const std::string& dir, const std::string& cox, std::uint64_t jobs) {
  ClusterClient client(dir);
  const int controller = daemon_pid(dir + "/ctld.pid");
  std::atomic<std::uint64_t> newest = client.submit({"/bin/true"});
  client.wait_for(newest);
  std::atomic<bool> is_submitted = false;
  LoadResult load;
  const double begin = monotonic_ms(), cpu_begin = cpu_seconds(controller);
  std::thread submits([&] {
    SubmitLoad one_by_one(dir, connections, Variety::alike);
    one_by_one.label("pretend.lasts", "2s");
    const std::uint64_t part = 1000;
    for (std::uint64_t done = 0; done < jobs; done += part) {
      const LoadResult some = one_by_one.run(std::min(part, jobs - done), 1, false);
      load.seconds += some.seconds;
      load.acknowledged += some.acknowledged;
      newest += some.acknowledged;
    }
    is_submitted = true;
  });
  const Asked early = ask_until(dir, cox, newest, [&] { return is_submitted.load(); });
  submits.join();
  std::printf("%llu submits one by one over %zu connections: %.0f/s\n",
              static_cast<unsigned long long>(load.acknowledged), connections,
              static_cast<double>(load.acknowledged) / load.seconds);
  print_asked("they are submitted", early);
  std::printf("then %llu of them wait or run\n", static_cast<unsigned long long>(left(client)));
  const Asked late = ask_until(dir, cox, newest, [&] { return left(client) == 0; });
  const double seconds = (monotonic_ms() - begin) / 1000;
  print_asked("they drain", late);
  std::printf("all ended after %.1f s: %.0f jobs/s; the controller's loop was busy %.0f %% of it\n",
              seconds, static_cast<double>(jobs) / seconds,
              (cpu_seconds(controller) - cpu_begin) / seconds * 100);
}

}  // namespace
}  // namespace cox::bench

int main(int argc, char** argv) {
  using namespace cox::bench;
  if (argc < 3) give_up("usage: bench-drain DIR COX [NODES [JOBS]]");
  const std::string dir = argv[1], cox = argv[2];
  const std::string nodes = argc > 3 ? argv[3] : "1000";
  const std::uint64_t jobs = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 100'000;
  print_calibration();
  const double up_ms = spawn_ms({cox, "up", "--pretend", "--nodes", nodes, "--topology",
                                 "package:1 core:8 pu:1", "--dir", dir});
  std::printf("cox up --nodes %s --pretend: %.2f s\n", nodes.c_str(), up_ms / 1000);
  measure(dir, cox, jobs);
  spawn_ms({cox, "down", "--dir", dir});
  return 0;
}
