// A running cluster at one moment, as `cox sim --from live` has asked for it: nodes, what runs,
// what waits, what was used.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "core/state.h"
#include "model/job_request.h"
#include "model/settings.h"
#include "model/topology.h"

namespace cox::sim {

struct LiveNode {
  NodeInventory inventory;
  std::string away;  // why it takes no work; empty: it does
};

/// A part of a node that a job holds; `share.node` is of the cluster it comes from.
struct LiveShare {
  std::string node;
  NodeShare share;
};

struct LiveJob {
  JobId id;
  std::string name;  // as people write it: "7_[5-9]"
  std::string partition;
  Instant submitted, started;
  JobRequest request;  // of an array: the elements that still wait or run
  bool is_held = false;
  bool is_ending = false;
  bool waits_for_others = false;
  std::vector<LiveShare> shares;  // none: it waits
  JobId array;                    // of an element; 0: none
  std::uint32_t index = 0;
  bool has_remaining = false;  // an array, of which some elements have no jobs of their own
};

struct Live {
  Instant now;
  Settings settings;
  std::vector<LiveNode> nodes;
  std::vector<std::string> partitions_down;
  std::vector<LiveJob> jobs;  // unended, by id
  core::UsageRecord usage;
};

/// From a wire::LiveCluster. error: bad_usage, or what of it cannot be
Result<Live> read_live(std::string_view bytes);

}  // namespace cox::sim
