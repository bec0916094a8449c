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
  Duration kill_wait = seconds(30);  // between TERM and KILL
  std::vector<PartitionSettings> partitions{PartitionSettings{}};
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace cox
