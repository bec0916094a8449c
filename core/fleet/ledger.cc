// Taking, giving back, and the audit that recounts everything from the jobs.
#include "core/fleet/ledger.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/assert.h"
#include "core/job/lifecycle.h"
#include "core/job/step_room.h"
#include "core/schedule/tenants.h"

namespace cox::core {
namespace {

/// Invariant of both directions: no amount falls below zero.
void change(std::vector<std::int64_t>& amounts, const std::vector<std::int64_t>& by, int sign) {
  ASSERT(by.size() <= amounts.size());
  for (std::size_t i = 0; i < by.size(); ++i) {
    amounts[i] += sign * by[i];
    ASSERT(amounts[i] >= 0);
  }
}

std::string at(const Node& node, const std::string& what) {
  return "node " + node.name + ": " + what;
}

/// Sums the shares of one node and reports what is given twice.
struct Recount {
  NodeFree used;
  std::vector<std::string> faults;

  void add(const Node& node, const Job& job, const NodeShare& share) {
    add_cores(node, job, share);
    if (used.devices.intersects(share.devices))
      faults.push_back(at(node, "a device is given twice"));
    used.devices |= share.devices;
    sum(node, job, used.memory_mib, share.memory_mib, "memory");
    sum(node, job, used.pools, share.pools, "pool");
  }

 private:
  /// Jobs share a core only in turns with others of their partition, each in a row of its own.
  void add_cores(const Node& node, const Job& job, const NodeShare& share) {
    const std::uint32_t row = job.run->allocation.row;
    const std::string& partition = row == 0 ? std::string() : partition_of(job);
    for (const auto& [other, cores] : cores_of_) {
      const bool is_in_turns = row != 0 && other.first == partition && other.second != row;
      if (!is_in_turns && cores.intersects(share.cores)) {
        faults.push_back(at(node, "a core is given twice"));
      }
    }
    cores_of_[{partition, row}] |= share.cores;
    if (row != 0) return;
    used.cores |= share.cores;
    ++used.jobs;
  }

  void sum(const Node& node,
           const Job& job,
           std::vector<std::int64_t>& total,
           const std::vector<std::int64_t>& part,
           const char* what) {
    if (part.size() > total.size()) {
      faults.push_back(at(node, job_text(job) + " has a " + what + " the node lacks"));
      return;
    }
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] < 0) faults.push_back(at(node, job_text(job) + " has negative " + what));
      total[i] += part[i];
    }
  }

  std::map<std::pair<std::string, std::uint32_t>, Bitset> cores_of_;  // by partition and row
};

void take_in_row(Index& index, const Job& job, NodeId node) {
  SlicedJobs& sliced = index.sliced[partition_of(job)];
  sliced.matrix.take(job.run->allocation.row, node);
  sliced.rows[job.run->allocation.row].insert(job.id);
}

void give_back_in_row(Index& index, const Job& job, NodeId node) {
  const auto found = index.sliced.find(partition_of(job));
  ASSERT(found != index.sliced.end());
  SlicedJobs& sliced = found->second;
  const std::uint32_t row = job.run->allocation.row;
  sliced.matrix.give_back(row, node);
  if (is_free(job)) {
    sliced.rows[row].erase(job.id);
    if (sliced.rows[row].empty()) sliced.rows.erase(row);
  }
  if (sliced.matrix.is_empty()) index.sliced.erase(found);
}

void compare(const Node& node,
             const std::vector<std::int64_t>& free,
             const std::vector<std::int64_t>& used,
             const std::vector<std::int64_t>& total,
             const std::string& what,
             std::vector<std::string>& faults) {
  for (std::size_t i = 0; i < total.size(); ++i) {
    if (i < free.size() && free[i] >= 0 && free[i] + used[i] == total[i]) continue;
    faults.push_back(at(node, what + " " + std::to_string(i) + ": free + used is not total"));
  }
}

void audit_node(const State& state, const Node& node, std::vector<std::string>& faults) {
  const NodeFree total = whole_node(node, state.class_of(node));
  const NodeFree& free = state.index.free[node.id.value];
  Recount count;
  count.used =
      NodeFree{Bitset(total.cores.size()), std::vector<std::int64_t>(total.memory_mib.size()),
               Bitset(total.devices.size()), std::vector<std::int64_t>(total.pools.size()), 0};
  for (const JobId id : state.index.jobs_on_node[node.id.value]) {
    const Job* job = state.find_job(id);
    if (job == nullptr || !holds_share(*job, node.id)) {
      faults.push_back(at(node, job_text(id) + " is listed but holds nothing"));
      continue;
    }
    count.add(node, *job, job->run->allocation.nodes[*node_position(*job, node.id)]);
    if (is_closed_to(state, node.id, tenant_of(job->request))) {
      faults.push_back(at(node, job_text(id) + " is beside one of another user"));
    }
  }
  faults.insert(faults.end(), count.faults.begin(), count.faults.end());
  const auto check_set = [&](const Bitset& is_free, const Bitset& used, const Bitset& all,
                             const char* what) {
    if (is_free.intersects(used) || (is_free | used) != all) {
      faults.push_back(at(node, std::string(what) + ": free + used is not total"));
    }
  };
  check_set(free.cores, count.used.cores, total.cores, "cores");
  check_set(free.devices, count.used.devices, total.devices, "devices");
  compare(node, free.memory_mib, count.used.memory_mib, total.memory_mib, "memory of NUMA node",
          faults);
  compare(node, free.pools, count.used.pools, total.pools, "pool", faults);
  if (free.jobs != count.used.jobs) faults.push_back(at(node, "job count is wrong"));
}

}  // namespace

NodeFree whole_node(const Node& node, const NodeClass& node_class) {
  NodeFree all;
  all.cores = Bitset(node_class.cores.size(), true);
  all.memory_mib = node.memory_mib;
  all.devices = Bitset(node_class.devices.size(), true);
  for (const Pool& pool : node.pools) all.pools.push_back(pool.total);
  return all;
}

void take(Index& index, const Job& job, const NodeShare& share) {
  ASSERT(share.node.value < index.free.size());
  NodeFree& free = index.free[share.node.value];
  ASSERT(free.cores.contains(share.cores) && free.devices.contains(share.devices));
  free.devices -= share.devices;
  change(free.memory_mib, share.memory_mib, -1);
  change(free.pools, share.pools, -1);
  if (job.run->allocation.row != 0) {
    take_in_row(index, job, share.node);
  } else {
    free.cores -= share.cores;
    ++free.jobs;
  }
  if (tenant_of(job.request).is_apart) ++index.apart_on_node[share.node];
  auto& jobs = index.jobs_on_node[share.node.value];
  jobs.insert(std::ranges::lower_bound(jobs, job.id), job.id);
}

void give_back(Index& index, const Job& job, const NodeShare& share) {
  NodeFree& free = index.free[share.node.value];
  ASSERT(!free.devices.intersects(share.devices));
  free.devices |= share.devices;
  change(free.memory_mib, share.memory_mib, 1);
  change(free.pools, share.pools, 1);
  if (job.run->allocation.row != 0) {
    give_back_in_row(index, job, share.node);
  } else {
    ASSERT(!free.cores.intersects(share.cores) && free.jobs > 0);
    free.cores |= share.cores;
    --free.jobs;
  }
  if (tenant_of(job.request).is_apart) {
    const auto apart = index.apart_on_node.find(share.node);
    ASSERT(apart != index.apart_on_node.end());
    if (--apart->second == 0) index.apart_on_node.erase(apart);
  }
  auto& jobs = index.jobs_on_node[share.node.value];
  const auto found = std::ranges::lower_bound(jobs, job.id);
  ASSERT(found != jobs.end() && *found == job.id);
  jobs.erase(found);
}

void count_licenses(Index& index, const Job& job, int by) {
  if (job.request.common->wishes.is_blank()) return;
  for (const LicenseRequest& one : job.request.common->wishes->licenses) {
    std::uint64_t& used = index.licenses_used[one.name];
    ASSERT(by > 0 || used >= one.count);
    used = by > 0 ? used + one.count : used - one.count;
    if (used == 0) index.licenses_used.erase(one.name);
  }
}

bool is_sliced(const Index& index, NodeId node) {
  return std::ranges::any_of(index.sliced,
                             [node](const auto& one) { return one.second.matrix.is_held(node); });
}

std::vector<std::string> ledger_faults(const State& state) {
  std::vector<std::string> faults;
  for (const Node& node : state.record.nodes) audit_node(state, node, faults);
  Index held;  // by a recount
  for (const Job& job : state.record.jobs) {
    if (!is_live(job)) continue;
    count_licenses(held, job, 1);
    const auto of_steps = step_faults(state.record, job);
    faults.insert(faults.end(), of_steps.begin(), of_steps.end());
    for (const NodeShare& share : job.run->allocation.nodes) {
      if (!holds_share(job, share.node)) continue;
      const auto& jobs = state.index.jobs_on_node[share.node.value];
      if (!std::ranges::binary_search(jobs, job.id)) {
        faults.push_back(job_text(job) + " holds a share that its node does not list");
      }
    }
  }
  if (held.licenses_used != state.index.licenses_used) {
    faults.emplace_back("licenses in use are not those that jobs hold");
  }
  return faults;
}

}  // namespace cox::core
