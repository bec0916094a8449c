// One thread: it polls the clients' pidfds and a timeline of strikes and repairs.
#include "testsuite/kills/driver.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "common/text.h"
#include "platform/file.h"
#include "testsuite/kills/evidence.h"
#include "testsuite/kills/strikes.h"

namespace cox::kills {
namespace {

using std::chrono::microseconds;

constexpr std::int64_t pause_us_min = 20'000;
constexpr std::int64_t pause_us_max = 700'000;
constexpr microseconds poll_max{1'000'000};
constexpr std::size_t complaints_max = 20;
constexpr auto patience = std::chrono::seconds(120);
constexpr std::size_t probe_room = 1U << 24;

// Short where it is waited for; else long enough for the pauses of a busy machine.
Duration lost_after(const DriverOptions& options) {
  return options.long_cuts ? seconds(10) : seconds(30);
}

daemons::ClusterOptions cluster_options(const DriverOptions& options,
                                        const daemons::CutNetwork* network,
                                        const SyncLog& log) {
  daemons::ClusterOptions made;
  made.nodes = options.nodes;
  made.topology = "core:4 pu:1";
  made.emulated = network == nullptr;
  made.network = network;
  made.controller_environment = log.environment();
  made.scheduling = "back_off = \"1s\"\nsilent_after = \"1s\"\n";
  if (network != nullptr) {
    const std::string lost = std::to_string(lost_after(options).us / 1'000'000);
    made.scheduling += "fence = \"self\"\nlost_after = \"" + lost + "s\"\n";
  }
  return made;
}

class Driver {
 public:
  Driver(const DriverOptions& options, const daemons::CutNetwork* network)
      : options_(options),
        log_("/tmp/cox-kills-" + std::to_string(::getpid()), probe_room),
        cluster_(cluster_options(options, network, log_)),
        clients_(cluster_,
                 book_,
                 timeline_,
                 rng_.fork(),
                 network == nullptr ? "" : network->controller_file()),
        strikes_(cluster_,
                 clients_,
                 book_,
                 timeline_,
                 rng_.fork(),
                 options.nodes,
                 network,
                 options.long_cuts ? std::optional(lost_after(options)) : std::nullopt) {}

  Report run() {
    const auto begin = Timeline::Clock::now();
    listen_for_signals();
    write_script(cluster_);
    clients_.start(options_.clients);
    plan_strike();
    while (!is_over()) turn();
    heal();
    drain();
    Report report;
    report.verdict = judge(book_, collect(cluster_));
    check_idle();
    await_unclaimed_output();
    if (!report.verdict.complaints.empty() || ::testing::UnitTest::GetInstance()->Failed()) keep();
    cluster_.expect_nothing_left();
    check_nothing_left();
    report.book = book_;
    report.syncs = log_.judge();
    report.seconds = std::chrono::duration<double>(Timeline::Clock::now() - begin).count();
    return report;
  }

 private:
  bool is_over() const {
    return is_interrupted_ || book_.kill_count() >= options_.kills ||
           book_.complaints.size() >= complaints_max;
  }

  void listen_for_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM}) sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);  // whoever reads our words may leave; the daemons still have to end
    signals_ = platform::Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  void plan_strike() {
    timeline_.after(microseconds(rng_.between(pause_us_min, pause_us_max)), [this] {
      if (is_over()) return;
      strikes_.strike();
      show_progress();
      plan_strike();
    });
  }

  /// Until a client ends, something is due, or a second is over.
  void turn() {
    std::vector<pollfd> ready = {{signals_.get(), POLLIN, 0}};
    for (const int fd : clients_.descriptors()) ready.push_back({fd, POLLIN, 0});
    const auto left = timeline_.left(poll_max);
    ::poll(ready.data(), ready.size(), static_cast<int>((left.count() + 999) / 1000));
    is_interrupted_ |= ready.front().revents != 0;
    for (std::size_t i = 1; i < ready.size(); ++i) {
      if (ready[i].revents != 0) clients_.ended(i - 1);
    }
    timeline_.run_due();
  }

  /// Repairs that were planned come; then every client has to end by itself.
  void heal() {
    clients_.stop();
    const auto deadline = Timeline::Clock::now() + patience;
    while (!(clients_.are_idle() && timeline_.empty() && strikes_.is_healed())) {
      if (Timeline::Clock::now() > deadline) {
        ADD_FAILURE() << "clients hang: " << clients_.text();
        clients_.kill_all();
        return;
      }
      turn();
    }
    EXPECT_TRUE(cluster_.hears_all_nodes());
  }

  /// The queue, by `cox wait`.
  void drain() {
    const std::vector<std::uint64_t> open = jobs_in_queue(cluster_);
    if (open.empty()) return;
    std::string command = "cox wait --quiet --timeout 120";
    for (const std::uint64_t job : open) command += " " + std::to_string(job);
    const daemons::Ran waited = cluster_.shell(command + "; echo waited $?");
    if (jobs_in_queue(cluster_).empty()) return;
    ADD_FAILURE() << "the queue does not drain: " << waited.output
                  << cluster_.shell("cox queue; cox nodes").output;
  }

  /// The ledger, as the command tells it.
  void check_idle() {
    daemons::Client client = cluster_.client();
    EXPECT_TRUE(daemons::eventually([&] { return busy_nodes(client.nodes()).empty(); }))
        << busy_nodes(client.nodes()) << cluster_.shell("cox nodes --json").output;
  }

  /// A supervisor whose `cox run` was killed before it came keeps the output for a minute.
  void await_unclaimed_output() const {
    EXPECT_TRUE(daemons::eventually([&] { return cluster_.is_quiet(); }, patience))
        << cluster_.leftovers();
  }

  void check_nothing_left() const {
    for (const char* list : {"/proc/self/mountinfo", "/proc/net/unix"}) {
      const auto text = platform::read_file(list, 16U << 20);
      EXPECT_TRUE(text && text->find(cluster_.dir()) == std::string::npos) << list;
    }
  }

  void keep() const {
    if (options_.keep.empty()) return;
    daemons::run_program({.program = "/bin/cp",
                          .argv = {"cp", "-r", cluster_.dir(), options_.keep},
                          .environment = {},
                          .directory = "/",
                          .descriptors = {}});
  }

  void show_progress() const {
    if (::isatty(STDERR_FILENO) == 0) return;
    std::fprintf(stderr, "\r%llu of %llu kills, %llu jobs",
                 static_cast<unsigned long long>(book_.kill_count()),
                 static_cast<unsigned long long>(options_.kills),
                 static_cast<unsigned long long>(book_.acknowledged()));
    if (is_over()) std::fputc('\n', stderr);
  }

  DriverOptions options_;
  faults::Rng rng_{options_.seed};
  Book book_;
  Timeline timeline_;
  SyncLog log_;
  daemons::Cluster cluster_;
  Clients clients_;
  Strikes strikes_;
  platform::Descriptor signals_;
  bool is_interrupted_ = false;
};

}  // namespace

Report drive(const DriverOptions& options) {
  std::optional<daemons::CutNetwork> network;
  if (options.namespaces) network.emplace(options.nodes);
  const bool is_up = network && network->is_up();
  Report report = Driver(options, is_up ? &*network : nullptr).run();
  report.had_namespaces = is_up;
  return report;
}

}  // namespace cox::kills
