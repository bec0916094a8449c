// One blow of each kind, and what brings the world back afterwards.
#include <utility>
#include <vector>

#include "testsuite/faults/simulation.h"

namespace cox::faults {
namespace {

bool is_a_strike(Kind kind) {
  switch (kind) {
    case Kind::client_resends:
    case Kind::client_key_taken:
    case Kind::stale_message:
    case Kind::message_lost:
    case Kind::message_doubled:
    case Kind::message_late:
    case Kind::attempt_files_lost:
    case Kind::container_fails:
    case Kind::spawn_fails:
    case Kind::step_unprepared:
    case Kind::term_ignored:
    case Kind::task_stuck:
    case Kind::removal_busy:
    case Kind::turns_taken:
    case Kind::count_:
      return false;
    default:
      return true;
  }
}

}  // namespace

void Simulation::controller_back_after(Duration delay) {
  timeline_.after(delay, [this] {
    if (controller_.is_up()) return;
    controller_.start();
    if (!controller_.is_up()) controller_back_after(seconds(1));
  });
}

void Simulation::daemon_back_after(FakeNode& node, Duration delay) {
  timeline_.after(delay, [this, &node] {
    const bool is_twin = &node == nodes_.back().get();
    if (!node.is_daemon_up() && !(is_twin && healing_)) {
      node.start_daemon();
    }
  });
}

void Simulation::strike() {
  std::vector<Kind> choice;
  for (std::size_t i = 0; i < kinds_count; ++i) {
    const auto kind = static_cast<Kind>(i);
    if (kinds_.has(kind) && is_a_strike(kind)) choice.push_back(kind);
  }
  const std::uint64_t dice = rng_.next();
  if (!choice.empty()) strike(choice[dice % choice.size()]);
}

void Simulation::strike(Kind kind) {
  FakeNode& node = *nodes_[rng_.below(nodes_.size() - 1)];
  switch (kind) {
    case Kind::client_cut:
      return strike_client(kind);
    case Kind::half_open:
    case Kind::node_cut:
      return strike_connection(kind, node);
    case Kind::daemon_killed:
    case Kind::machine_stopped:
    case Kind::inventory_changed:
    case Kind::twin:
    case Kind::supervisor_killed:
      return strike_node(kind, node);
    case Kind::config_changed:
    case Kind::partition_down:
    case Kind::node_drained:
    case Kind::node_taken_down:
      return administer(kind);
    case Kind::jobs_suspended:
      return suspend_some();
    default:
      return strike_controller(kind);
  }
}

void Simulation::strike_controller(Kind kind) {
  const bool is_death = kind == Kind::controller_killed || kind == Kind::power_cut;
  if (is_death && !controller_.is_up()) return;
  const auto sign = kind == Kind::clock_forward ? 1 : -1;
  switch (kind) {
    case Kind::controller_killed:
      controller_.kill();
      return controller_back_after(milliseconds(rng_.between(1, 3'000)));
    case Kind::power_cut:
      controller_.cut_power();
      return controller_back_after(milliseconds(rng_.between(500, 4'000)));
    case Kind::disk_slow:
      controller_.disk_delay = milliseconds(rng_.between(100, 5'000));
      timeline_.after(milliseconds(rng_.between(1'000, 10'000)),
                      [this] { controller_.disk_delay = Duration{}; });
      return;
    case Kind::disk_full:
      controller_.set_disk_full(true);
      timeline_.after(milliseconds(rng_.between(100, 15'000)),
                      [this] { controller_.set_disk_full(false); });
      return;
    default:
      // Seconds, minutes, hours.
      controller_.set_clock_by(Duration{sign * (std::int64_t{1'000'000} << rng_.below(14))});
  }
}

void Simulation::strike_client(Kind kind) {
  if (!kinds_.has(kind) || healing_) return;
  FakeClient& client = *clients_[rng_.below(clients_.size())];
  if (kind == Kind::client_cut) {
    controller_.cut_clients();
  } else if (kind == Kind::client_resends) {
    client.submit_again();
  } else {
    const FakeClient& other = *clients_[rng_.below(clients_.size())];
    if (&other != &client) client.submit_with_key_of(other);
  }
}

void Simulation::strike_connection(Kind kind, FakeNode& node) {
  const Duration unseen = milliseconds(rng_.between(500, 25'000));
  const std::uint64_t how = rng_.below(2);
  if (kind == Kind::node_cut) {
    node.cut();
  } else if (how == 0) {
    controller_.forget_node(node.name(), unseen);
  } else {
    controller_.hang_node(node.name(), unseen);
  }
}

void Simulation::strike_node(Kind kind, FakeNode& node) {
  if (kind == Kind::twin) {
    FakeNode& twin = *nodes_.back();
    if (twin.is_daemon_up()) return;
    twin.start_daemon();
    timeline_.after(seconds(rng_.between(1, 30)), [&twin] { twin.stop_machine(); });
    return;
  }
  if (!node.is_daemon_up()) return;
  // Some stay away for longer than a node may be silent.
  Duration away = milliseconds(rng_.between(5, rng_.chance(1, 5) ? 40'000 : 2'000));
  if (kind == Kind::supervisor_killed) {
    node.kill_a_supervisor();
    return;
  }
  if (kind == Kind::machine_stopped) {
    node.stop_machine();
    away = away + milliseconds(500);
  } else {
    node.kill_daemon();
    if (kinds_.has(Kind::attempt_files_lost)) node.lose_attempt_files();
  }
  if (kind == Kind::inventory_changed) {
    node.set_memory_mib(rng_.chance(1, 2) ? node_memory_mib / 2 : node_memory_mib);
  }
  daemon_back_after(node, away);
}

}  // namespace cox::faults
