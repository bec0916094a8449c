// Two moments at which a full queue must cost nobody time: a small job that fits the one free node
// comes behind thousands that do not, and a user cancels tens of thousands of queued jobs. On a
// cluster of pretended nodes, which is made in DIR and taken down again.
// usage: bench-blocked DIR COX [BLOCKED [CANCELLED]]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "bench/submit_load.h"
#include "cmds/client/submission.h"

namespace cox::bench {
namespace {

constexpr std::uint32_t nodes = 16;
constexpr int rounds = 50;
constexpr const char* forever = "300d";

wire::ClientRequest submit_of(std::uint32_t width,
                              std::int64_t limit_us,
                              const std::string& lasts) {
  wire::ClientRequest request;
  wire::JobRequest& job = *request.mutable_submit()->mutable_request();
  job.add_argv("/bin/true");
  job.set_directory("/");
  job.set_time_limit_us(limit_us);
  (*job.mutable_labels())["pretend.lasts"] = lasts;
  wire::Component& part = *job.add_components();
  part.set_nodes_min(width);
  part.set_nodes_max(width);
  part.set_memory_per_node_mib(-1);
  part.set_memory_per_cpu_mib(-1);
  return request;
}

std::uint64_t submit(ClusterClient& client, wire::ClientRequest request) {
  const ClientKey key = cmds::make_client_key();
  request.mutable_submit()->set_key_high(key.words[0]);
  request.mutable_submit()->set_key_low(key.words[1]);
  const wire::ClientReply reply = client.ask(std::move(request));
  if (!reply.has_submitted()) give_up("a submit was not taken: " + reply.error().message());
  return reply.submitted().job();
}

/// All nodes but one run a job without an end in sight, and behind them wait jobs of two nodes.
void block(ClusterClient& client, std::uint64_t blocked) {
  wire::ClientRequest taken = submit_of(1, duration_unlimited.us, forever);
  taken.mutable_submit()->mutable_request()->mutable_components(0)->set_exclusive(true);
  for (std::uint32_t i = 0; i + 1 < nodes; ++i) submit(client, taken);
  wire::ClientRequest waits = submit_of(2, minutes(60).us, forever);
  waits.mutable_submit()->mutable_request()->mutable_components(0)->set_exclusive(true);
  for (std::uint64_t i = 0; i < blocked; ++i) submit(client, waits);
  const wire::StatusReply status = client.status();
  std::printf("%llu jobs run, %llu wait\n", static_cast<unsigned long long>(status.jobs_running()),
              static_cast<unsigned long long>(status.jobs_pending()));
}

/// Wall time from the submit of a small job until it has ended, which takes it no time.
void measure_behind(ClusterClient& client) {
  std::vector<double> samples;
  const wire::ClientRequest small = submit_of(1, minutes(5).us, "0s");
  for (int i = 0; i < rounds; ++i) {
    const double begin = monotonic_ms();
    client.wait_for(submit(client, small));
    samples.push_back(monotonic_ms() - begin);
  }
  print_times("a 1-core job of 5 minutes behind them, submit to its end", samples);
}

void measure_cancel(const std::string& dir, ClusterClient& client, std::uint64_t cancelled) {
  constexpr std::size_t batch = 1000;
  const std::uint64_t before = client.status().jobs_pending();
  SubmitLoad(dir, 2).run_batches(cancelled, batch, true);
  const std::uint64_t waiting = client.status().jobs_pending();
  if (waiting < before + cancelled) give_up("only " + std::to_string(waiting) + " jobs wait");
  const double begin = monotonic_ms();
  client.cancel_all();
  const double answered = monotonic_ms();
  const std::uint64_t left = client.status().jobs_pending();
  if (left != 0) give_up(std::to_string(left) + " jobs still wait after their cancel");
  std::printf("cancel of %llu queued jobs: answered after %.1f ms\n",
              static_cast<unsigned long long>(waiting), answered - begin);
}

}  // namespace
}  // namespace cox::bench

int main(int argc, char** argv) {
  using namespace cox::bench;
  if (argc < 3) give_up("usage: bench-blocked DIR COX [BLOCKED [CANCELLED]]");
  const std::string dir = argv[1], cox = argv[2];
  const std::uint64_t blocked = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 5'000;
  const std::uint64_t cancelled = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 50'000;
  print_calibration();
  spawn_ms({cox, "up", "--pretend", "--nodes", std::to_string(nodes), "--topology",
            "package:1 core:8 pu:1", "--dir", dir});
  {
    ClusterClient client(dir);
    block(client, blocked);
    measure_behind(client);
    measure_cancel(dir, client, cancelled);
  }
  spawn_ms({cox, "down", "--force", "--dir", dir});
  return 0;
}
