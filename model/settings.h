// The configuration as checked values: every key resolved. The file is read by config/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/time.h"

namespace cox {

struct PartitionSettings {
  std::string name = "batch";
  std::string nodes;  // compact list; empty: every node
  bool is_default = true;
  Duration default_time = duration_unlimited;
  Duration max_time = duration_unlimited;
  std::uint32_t max_nodes = 0;  // 0: no limit
  std::uint32_t tier = 1;
  bool cpu_is_thread = false;
  bool whole_nodes = false;  // share = "nodes"
  friend bool operator==(const PartitionSettings&, const PartitionSettings&) = default;
};

struct Settings {
  std::string cluster = "coxswain";
  std::string auth = "local";       // "local" | "munge"
  std::string select = "topology";  // plugins/select
  std::string priority = "fifo";    // plugins/priority
  Duration lost_after = minutes(5);
  Duration silent_after = seconds(5);
  Duration kill_wait = seconds(30);     // between TERM and KILL
  Duration back_off = seconds(10);      // after a node's first failed start; doubles with each
  bool fence_self = false;              // fence = "self": tasks of a cut-off node end by themselves
  Duration history_keep = minutes(10);  // ended jobs stay in memory for so long
  std::uint32_t history_jobs = 100'000;     // and at most so many of them
  std::uint32_t jobs_per_user = 2'000'000;  // that wait or run: a runaway loop ends there
  std::vector<PartitionSettings> partitions{PartitionSettings{}};
  friend bool operator==(const Settings&, const Settings&) = default;
};

/// fence = "self": so long without the controller, a node begins to end its tasks. Half a minute
/// before it is lost; at half the time where that is shorter.
constexpr Duration fence_after(const Settings& settings) {
  const std::int64_t lost_us = settings.lost_after.us;
  return microseconds(lost_us >= minutes(1).us ? lost_us - seconds(30).us : lost_us / 2);
}

/// Between their TERM and KILL then: whatever kill_wait says, nothing is left when the node is
/// lost.
constexpr Duration fence_kill_wait(const Settings& settings) {
  const std::int64_t left_us = settings.lost_after.us - fence_after(settings).us;
  return microseconds(settings.kill_wait.us < left_us / 2 ? settings.kill_wait.us : left_us / 2);
}

}  // namespace cox
