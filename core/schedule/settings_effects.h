// What a configuration would change for whom, found out before it is applied.
#pragma once

#include <string>
#include <vector>

#include "core/state.h"

namespace cox::core {

/// Nodes whose partitions change alike. Names in order.
struct NodeMove {
  std::vector<std::string> from, to;  // partitions; empty: none
  std::vector<std::string> nodes;
};

/// A node that gets no more work because it reports less than is expected now.
struct NodeShort {
  std::string node;
  std::string why;
};

/// Jobs that wait, and could not start any more, of one user and for one reason.
struct StrandedJobs {
  std::string user;
  std::string why;
  std::vector<JobId> jobs;
};

struct SettingsEffects {
  std::vector<NodeMove> moves;
  std::vector<NodeShort> shorts;
  std::vector<StrandedJobs> stranded;
  std::vector<StrandedJobs> orphaned;
  std::vector<StrandedJobs> lasting;
};

SettingsEffects effects_of(const State& state, Instant now, const Settings& settings);

}  // namespace cox::core
