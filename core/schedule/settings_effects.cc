// See settings_effects.h. The fleet under the new settings is a State of its own without jobs; what
// waits is looked at once for all jobs that are alike.
#include "core/schedule/settings_effects.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "common/natural_order.h"
#include "core/fleet/expectation.h"
#include "core/job/lifecycle.h"
#include "core/job/membership.h"
#include "core/schedule/gate.h"
#include "core/schedule/impossible.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

State fleet_under(const State& state, const Settings& settings) {
  State made;
  made.record.settings = settings;
  made.record.nodes = state.record.nodes;
  made.record.classes = state.record.classes;
  made.index = rebuild_index(made.record);
  return made;
}

std::vector<std::string> partitions_of(const State& state, NodeId node) {
  std::vector<std::string> names;
  for (const auto& [name, nodes] : state.index.partition_nodes) {
    if (nodes.test(node.value)) names.push_back(name);
  }
  return names;
}

std::vector<NodeMove> moves_between(const State& before, const State& after) {
  std::map<std::pair<std::vector<std::string>, std::vector<std::string>>, NodeMove> moves;
  for (const Node& node : before.record.nodes) {
    auto from = partitions_of(before, node.id);
    auto to = partitions_of(after, node.id);
    if (from == to) continue;
    NodeMove& move = moves[{from, to}];
    move.from = std::move(from);
    move.to = std::move(to);
    move.nodes.push_back(node.name);
  }
  std::vector<NodeMove> all;
  for (auto& [key, move] : moves) {
    std::ranges::sort(move.nodes, NaturalOrder{});
    all.push_back(std::move(move));
  }
  return all;
}

std::vector<NodeShort> shorts_between(const State& before, const State& after) {
  std::vector<NodeShort> all;
  for (const Node& node : after.record.nodes) {
    if (!shortfall(before, node).empty()) continue;
    std::string why = shortfall(after, node);
    if (!why.empty()) all.push_back({node.name, std::move(why)});
  }
  std::ranges::sort(all, NaturalOrder{}, &NodeShort::node);
  return all;
}

/// Why the request could not start in any state of this fleet; nothing when it could.
std::string stranded_why(const State& fleet, Instant now, const JobRequest& request) {
  std::string first;
  for (const std::string& name : request.common->partitions) {
    const Blocked closed = gate(fleet, name, request);
    if (closed.code == Reason::none) {
      const auto possible = check_possible(fleet, now, request);
      return possible.has_value() ? std::string() : possible.error().message;
    }
    if (first.empty()) {
      first = "partition " + name + " " + gate_text(fleet, name, request, closed.code);
    }
  }
  return first;
}

/// Jobs by user and by what becomes of them.
class Groups {
 public:
  void add(const Job& job, const std::string& why) {
    if (why.empty()) return;
    const std::string& user = job.request.common->user.name;
    StrandedJobs& group = groups_[{user, why}];
    group.user = user;
    group.why = why;
    group.jobs.push_back(job.id);
  }

  std::vector<StrandedJobs> take() {
    std::vector<StrandedJobs> all;
    for (auto& [key, group] : groups_) all.push_back(std::move(group));
    return all;
  }

 private:
  std::map<std::pair<std::string, std::string>, StrandedJobs> groups_;
};

/// What waits, under the new settings.
class Waiting {
 public:
  Waiting(const State& before, const State& after, Instant now)
      : before_(before), after_(after), now_(now) {}

  void find(SettingsEffects& effects) {
    for (const JobId id : before_.index.unended) {
      const Job& job = *before_.find_job(id);
      if (job.phase == JobPhase::pending) look_at(job);
    }
    effects.stranded = stranded_.take();
    effects.orphaned = orphaned_.take();
  }

 private:
  struct Whys {
    std::string stranded, orphaned;
  };

  void look_at(const Job& job) {
    // Jobs of one array, or of one user's loop, share what they have in common.
    const std::pair key{&*job.request.common, job.request.time_limit};
    auto known = whys_.find(key);
    if (known == whys_.end()) {
      known = whys_
                  .emplace(key, Whys{new_why(job.request),
                                     orphaned_text(before_.record.settings, after_.record.settings,
                                                   *job.request.common)})
                  .first;
    }
    stranded_.add(job, known->second.stranded);
    orphaned_.add(job, known->second.orphaned);
  }

  std::string new_why(const JobRequest& request) const {
    std::string why = stranded_why(after_, now_, request);
    return why.empty() || !stranded_why(before_, now_, request).empty() ? "" : why;
  }

  const State& before_;
  const State& after_;
  Instant now_;
  std::map<std::pair<const JobCommon*, Duration>, Whys> whys_;
  Groups stranded_, orphaned_;
};

/// Jobs that stand in rows on nodes that are shared otherwise now, and the other way round.
class Lasting {
 public:
  Lasting(const State& before, const State& after) : before_(before), after_(after) {}

  std::vector<StrandedJobs> find() {
    for (const JobId id : before_.index.unended) {
      const Job& job = *before_.find_job(id);
      if (!is_live(job) || job.phase == JobPhase::ending) continue;
      const std::string why = why_of(job);
      if (why.empty()) continue;
      const std::string& user = job.request.common->user.name;
      StrandedJobs& group = groups_[{user, why}];
      group.user = user;
      group.why = why;
      group.jobs.push_back(id);
    }
    std::vector<StrandedJobs> all;
    for (auto& [key, group] : groups_) all.push_back(std::move(group));
    return all;
  }

 private:
  std::string why_of(const Job& job) const {
    const std::uint32_t row = job.run->allocation.row;
    for (const PartitionSettings& partition : after_.record.settings.partitions) {
      if (!has_nodes_of(job, partition.name)) continue;
      const std::string place = "partition " + partition.name;
      if (partition.takes_turns() && row == 0) {
        return "no turns on their nodes in " + place + " before they have ended";
      }
      if (!partition.takes_turns() && row != 0) {
        return "they go on taking turns, and " + place + " gets their nodes when they have ended";
      }
      if (row > partition.rows) {
        return "they stay in row " + std::to_string(row) + " of " + place + ", which has " +
               std::to_string(partition.rows) + " for others";
      }
    }
    return {};
  }

  bool has_nodes_of(const Job& job, const std::string& partition) const {
    const Bitset& nodes = partition_nodes(after_, partition);
    return std::ranges::any_of(job.run->allocation.nodes, [&nodes](const NodeShare& share) {
      return nodes.test(share.node.value);
    });
  }

  const State& before_;
  const State& after_;
  std::map<std::pair<std::string, std::string>, StrandedJobs> groups_;  // by user and reason
};

}  // namespace

SettingsEffects effects_of(const State& state, Instant now, const Settings& settings) {
  const State after = fleet_under(state, settings);
  SettingsEffects effects{moves_between(state, after),
                          shorts_between(state, after),
                          {},
                          {},
                          Lasting(state, after).find()};
  Waiting(state, after, now).find(effects);
  return effects;
}

}  // namespace cox::core
