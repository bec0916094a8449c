// A supervisor is known by its arguments, which name its job; a nursery by its parent.
#include "testsuite/kills/strikes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "common/text.h"
#include "platform/file.h"

namespace cox::kills {
namespace {

constexpr std::int64_t repair_us_max = 300'000;
constexpr std::int64_t short_cut_us_max = 1'500'000;
constexpr Duration cut_margin = seconds(2);
// From a mended cable to the node's next registration and what follows from it.
constexpr Duration aftermath = seconds(10);

Instant wall_now() {
  using std::chrono::system_clock;
  const auto since = system_clock::now().time_since_epoch();
  return Instant{std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

std::string arguments_of(int pid) {
  return platform::read_file("/proc/" + std::to_string(pid) + "/cmdline", 4096).value_or("");
}

/// From ".../steps-NODE/JOB.ATTEMPT.STEP".
std::optional<AttemptKey> attempt_of(const std::string& arguments) {
  const auto steps = arguments.find("/steps-");
  const auto slash = steps == std::string::npos ? steps : arguments.find('/', steps + 1);
  if (slash == std::string::npos) return std::nullopt;
  const auto words = split(std::string_view(arguments).substr(slash + 1), '.');
  const auto job = parse_u64(words.front());
  const auto attempt = words.size() < 3 ? std::nullopt : parse_u64(words[1]);
  if (!job || !attempt) return std::nullopt;
  return AttemptKey{*job, static_cast<std::uint32_t>(*attempt)};
}

}  // namespace

Strikes::Strikes(daemons::Cluster& cluster,
                 Clients& clients,
                 Book& book,
                 Timeline& timeline,
                 faults::Rng rng,
                 std::uint32_t nodes,
                 const daemons::CutNetwork* network,
                 std::optional<Duration> lost_after)
    : cluster_(cluster),
      clients_(clients),
      book_(book),
      timeline_(timeline),
      rng_(rng),
      network_(network),
      lost_after_(lost_after),
      is_node_down_(nodes) {}

void Strikes::strike() {
  const std::uint64_t draw = rng_.below(network_ == nullptr ? 90 : 100);
  if (draw < 30) return kill_controller();
  if (draw < 50) return kill_node();
  if (draw < 55) return kill_nursery();
  if (draw < 75) return kill_supervisor();
  if (draw < 90) return clients_.kill_one();
  cut_cable();
}

bool Strikes::is_healed() const {
  return !is_controller_down_ && !is_cable_cut_ && std::ranges::count(is_node_down_, true) == 0;
}

/// Half of them at once, so that a start is met by the next kill as well.
std::chrono::microseconds Strikes::until_repair() {
  return std::chrono::microseconds(rng_.chance(1, 2) ? 0 : rng_.between(0, repair_us_max));
}

void Strikes::kill_controller() {
  if (is_controller_down_) return;
  is_controller_down_ = true;
  ++book_.kills["controller"];
  cluster_.kill_controller();
  timeline_.after(until_repair(), [this] {
    cluster_.spawn_controller();
    is_controller_down_ = false;
  });
}

void Strikes::kill_node() {
  const auto index = static_cast<std::uint32_t>(rng_.below(is_node_down_.size()));
  if (is_node_down_[index]) return;
  is_node_down_[index] = true;
  ++book_.kills["node daemon"];
  cluster_.kill_node(index);
  timeline_.after(until_repair(), [this, index] {
    cluster_.start_node(index);
    is_node_down_[index] = false;
  });
}

void Strikes::kill_nursery() {
  const auto index = static_cast<std::uint32_t>(rng_.below(is_node_down_.size()));
  const int parent = cluster_.node(index).pid();
  for (const platform::ProcessInfo& process : platform::all_processes()) {
    if (process.parent != parent || process.state == 'Z' || is_node_down_[index]) continue;
    const std::string arguments = arguments_of(process.pid);
    if (!arguments.starts_with("coxstepd") || attempt_of(arguments)) continue;
    ++book_.kills["nursery"];
    // Between its fork and its new name a supervisor looks the same; then nothing runs there yet.
    ::kill(process.pid, SIGKILL);
    return;
  }
}

void Strikes::kill_supervisor() {
  const std::vector<int> all = cluster_.supervisors();
  if (all.empty()) return;
  const int pid = all[rng_.below(all.size())];
  const auto key = attempt_of(arguments_of(pid));
  if (!key) return;
  ++book_.kills["supervisor"];
  book_.shot.insert(*key);
  ::kill(pid, SIGKILL);
}

/// Most for a moment, which must disturb nothing; some until the node's jobs are given up.
void Strikes::cut_cable() {
  if (is_cable_cut_) return;
  is_cable_cut_ = true;
  const auto index = static_cast<std::uint32_t>(rng_.below(is_node_down_.size()));
  const bool is_long = lost_after_ && rng_.chance(1, 4);
  const std::int64_t us =
      is_long ? (*lost_after_ + cut_margin).us : rng_.between(0, short_cut_us_max);
  ++book_.kills[is_long ? "long cut" : "short cut"];
  network_->cut(index);
  const Instant from = wall_now();
  timeline_.after(std::chrono::microseconds(us), [this, index, is_long, from] {
    network_->mend(index);
    is_cable_cut_ = false;
    const std::string name = daemons::Cluster::node_name(index);
    if (is_long) book_.cuts.push_back({name, from, wall_now() + aftermath});
  });
}

}  // namespace cox::kills
