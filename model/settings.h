// The configuration as checked values: every key resolved. The file is read by config/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/selector.h"
#include "model/time.h"

namespace cox {

/// The configuration has no more tables of one kind, and an account not more users.
inline constexpr int settings_tables_max = 4096;
inline constexpr int settings_users_max = 65'536;
/// Jobs that take turns on a node, at most.
inline constexpr std::uint32_t slice_rows_max = 16;

struct PartitionSettings {
  std::string name = "batch";
  std::string nodes;  // compact list; empty: every node
  bool is_default = true;
  Duration default_time = duration_unlimited;
  Duration max_time = duration_unlimited;
  std::uint32_t max_nodes = 0;  // 0: no limit
  std::uint32_t tier = 1;
  bool cpu_is_thread = false;
  bool whole_nodes = false;      // share = "nodes"
  std::string select{};          // of its nodes, those with such labels; empty: all of them
  std::uint32_t weight = 0;      // its term in the priority
  std::uint32_t rows = 1;        // share = "timeslice": jobs that take turns on a node; 1: none do
  Duration slice = seconds(30);  // how long a turn lasts

  bool takes_turns() const { return rows > 1; }

  friend bool operator==(const PartitionSettings&, const PartitionSettings&) = default;
};

/// The word of the key `share`.
inline std::string_view share_text(const PartitionSettings& partition) {
  if (partition.takes_turns()) return "timeslice";
  return partition.whole_nodes ? "nodes" : "cores";
}

/// What a node is expected to report at least; 0: nothing is expected.
struct NodeExpectation {
  std::uint32_t cores = 0;
  std::int64_t memory_mib = 0;
  std::uint32_t gpus = 0;
  friend bool operator==(const NodeExpectation&, const NodeExpectation&) = default;
};

struct NodeSettings {
  std::string names;  // compact list; no node is in two of them
  Labels labels;
  NodeExpectation expect;
  friend bool operator==(const NodeSettings&, const NodeSettings&) = default;
};

/// A switch of the network: what hangs on it.
struct SwitchSettings {
  std::string name;
  std::string nodes;     // compact list of nodes, or
  std::string switches;  // of other switches
  friend bool operator==(const SwitchSettings&, const SwitchSettings&) = default;
};

/// A pool of licences of the whole cluster.
struct LicenseSettings {
  std::string name;
  std::uint32_t total = 0;
  friend bool operator==(const LicenseSettings&, const LicenseSettings&) = default;
};

/// The terms of a priority and how usage is forgotten: [priority].
struct PrioritySettings {
  std::uint32_t age = 20'000;
  std::uint32_t fairshare = 10'000;
  std::uint32_t size = 20'000;
  std::uint32_t partition = 1000;
  std::uint32_t qos = 2000;
  Duration max_age = minutes(std::int64_t{7} * 1440);
  Duration half_life = minutes(std::int64_t{7} * 1440);
  Duration charge_period = seconds(60);
  // What counts as usage, in thousandths of a core.
  std::uint32_t charge_core = 1000;
  std::uint32_t charge_gib = 0;     // of memory
  std::uint32_t charge_device = 0;  // a GPU or another device of its own
  friend bool operator==(const PrioritySettings&, const PrioritySettings&) = default;
};

struct UserShares {
  std::string user;
  std::uint32_t shares = 1;
  friend bool operator==(const UserShares&, const UserShares&) = default;
};

struct AccountSettings {
  std::string name;
  std::string parent = "root";
  std::uint32_t shares = 1;
  std::vector<UserShares> users;  // by name
  friend bool operator==(const AccountSettings&, const AccountSettings&) = default;
};

/// Programs of the administrator: [programs]. An absolute path each; empty: none. Nodes run them as
/// the node daemon's user, the controller its own two as its own.
struct ProgramSettings {
  std::string prolog;  // before the first task of an attempt
  std::string epilog;  // after its last
  std::string health;  // again and again
  Duration prolog_timeout = seconds(60);
  Duration epilog_timeout = seconds(60);
  Duration health_timeout = seconds(30);
  Duration health_period = minutes(5);
  std::string reboot;                     // starts the node anew
  Duration reboot_timeout = minutes(10);  // until it is back
  std::string controller_prolog;          // before the nodes of an attempt prepare it
  std::string controller_epilog;          // when the attempt is over
  Duration controller_prolog_timeout = seconds(60);
  Duration controller_epilog_timeout = seconds(60);
  friend bool operator==(const ProgramSettings&, const ProgramSettings&) = default;
};

/// So much longer a node may take to prepare an attempt.
constexpr Duration prolog_patience(const ProgramSettings& programs) {
  return programs.prolog.empty() ? Duration{} : programs.prolog_timeout;
}

struct QosSettings {
  std::string name;
  std::uint32_t priority = 0;
  friend bool operator==(const QosSettings&, const QosSettings&) = default;
};

/// Somebody who has a role. The controller finds out the number of a name.
struct RoleMember {
  std::string name;
  Uid uid = uid_nobody;
  friend bool operator==(const RoleMember&, const RoleMember&) = default;
};

struct Settings {
  std::string cluster = "coxswain";
  std::string auth = "local";            // "local" | "munge"
  std::string select = "topology";       // plugins/select
  std::string priority = "multifactor";  // plugins/priority
  Duration lost_after = minutes(5);
  Duration silent_after = seconds(5);
  Duration kill_wait = seconds(30);     // between TERM and KILL
  Duration back_off = seconds(10);      // after a node's first failed start; doubles with each
  bool fence_self = false;              // fence = "self": tasks of a cut-off node end by themselves
  Duration history_keep = minutes(10);  // ended jobs stay in memory for so long
  std::uint32_t history_jobs = 100'000;     // and at most so many of them
  std::uint32_t jobs_per_user = 2'000'000;  // that wait or run: a runaway loop ends there
  std::uint32_t fan_out = 32;               // children of a supervisor in the tree of a step
  std::string backfill = "easy-sjbf";       // none | easy | easy-sjbf | conservative
  std::uint32_t reservations = 64;          // jobs with an exact plan
  PrioritySettings priority_terms;
  ProgramSettings programs;
  std::vector<AccountSettings> accounts;
  std::vector<QosSettings> qos;
  std::vector<NodeSettings> nodes;  // none: nodes are as they come
  std::vector<SwitchSettings> switches;
  std::vector<LicenseSettings> licenses;
  std::vector<RoleMember> administrators, operators, readers;
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
