// Test values that read as sentences: fleet().nodes(4).cores(64), job().nodes(2).minutes(30).
// Header-only; used by every folder's tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/request.h"
#include "model/job_request.h"
#include "model/settings.h"
#include "model/topology.h"

namespace cox::testing {

/// Nodes of one kind, "n0", "n1", ...: by default 2 of 4 cores in 1 NUMA node with 4000 MiB.
class FleetBuilder {
 public:
  FleetBuilder nodes(unsigned n) const { return with(&FleetBuilder::nodes_, n); }

  FleetBuilder cores(unsigned n) const { return with(&FleetBuilder::cores_, n); }

  FleetBuilder numa(unsigned n) const { return with(&FleetBuilder::numa_, n); }

  /// L3 caches per NUMA node.
  FleetBuilder l3(unsigned n) const { return with(&FleetBuilder::l3_, n); }

  FleetBuilder pus(unsigned n) const { return with(&FleetBuilder::pus_, n); }

  FleetBuilder memory_mib(std::int64_t n) const { return with(&FleetBuilder::memory_mib_, n); }

  /// Devices of one name, spread over the NUMA nodes in turn.
  FleetBuilder devices(const std::string& name, unsigned n) const {
    FleetBuilder copy = *this;
    copy.devices_.emplace_back(name, n);
    return copy;
  }

  FleetBuilder pool(const std::string& name, std::int64_t total) const {
    FleetBuilder copy = *this;
    copy.pools_.push_back(Pool{name, "", total});
    return copy;
  }

  FleetBuilder named(const std::string& prefix) const {
    return with(&FleetBuilder::prefix_, prefix);
  }

  std::vector<NodeInventory> build() const {
    std::vector<NodeInventory> all;
    for (unsigned i = 0; i < nodes_; ++i) all.push_back(node(i));
    return all;
  }

  NodeInventory node(unsigned index) const {
    NodeInventory one;
    one.name = prefix_ + std::to_string(index);
    one.boot_id = "boot-1";
    one.containment = "none";
    one.version = "0";
    one.node_class = node_class();
    one.memory_mib.assign(numa_, memory_mib_ / numa_);
    one.memory_mib.front() += memory_mib_ % numa_;
    one.pools = pools_;
    return one;
  }

  NodeClass node_class() const {
    NodeClass c;
    c.numa_nodes = static_cast<std::uint16_t>(numa_);
    for (unsigned i = 0; i < cores_; ++i) {
      const unsigned numa_index = i * numa_ / cores_;
      const unsigned l3_index = i * numa_ * l3_ / cores_;
      c.cores.push_back(CoreInfo{0, static_cast<std::uint16_t>(numa_index),
                                 static_cast<std::uint16_t>(l3_index),
                                 static_cast<std::uint16_t>(pus_)});
    }
    for (const auto& [name, count] : devices_) {
      for (unsigned i = 0; i < count; ++i) c.devices.push_back(device(c, name, i % numa_));
    }
    c.hash = hash_of(c);
    return c;
  }

 private:
  template <class Field, class Value>
  FleetBuilder with(Field field, Value value) const {
    FleetBuilder copy = *this;
    copy.*field = std::move(value);
    return copy;
  }

  static DeviceInfo device(const NodeClass& c, const std::string& name, unsigned numa) {
    DeviceInfo info;
    info.name = name;
    info.numa = static_cast<std::uint16_t>(numa);
    info.near = Bitset(c.cores.size());
    for (std::size_t i = 0; i < c.cores.size(); ++i) {
      if (c.cores[i].numa == numa) info.near.set(i);
    }
    return info;
  }

  /// Equal classes have equal hashes and different ones of these tests do not.
  Hash hash_of(const NodeClass& c) const {
    Hash hash;
    std::uint64_t value = 1469598103934665603U;
    const auto mix = [&value](std::uint64_t n) { value = (value ^ n) * 1099511628211U; };
    for (const CoreInfo& core : c.cores) mix(core.numa * 4096U + core.l3 * 16U + core.pus + 1U);
    for (const DeviceInfo& one : c.devices) {
      for (const char letter : one.name) mix(static_cast<unsigned char>(letter));
      mix(one.numa);
    }
    for (std::size_t i = 0; i < 8; ++i) {
      hash.bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    hash.bytes[31] = 1;
    return hash;
  }

  unsigned nodes_ = 2, cores_ = 4, numa_ = 1, l3_ = 1, pus_ = 1;
  std::int64_t memory_mib_ = 4000;
  std::string prefix_ = "n";
  std::vector<std::pair<std::string, unsigned>> devices_;
  std::vector<Pool> pools_;
};

inline FleetBuilder fleet() {
  return FleetBuilder{};
}

/// A batch job of uid 1000: one task on one node, 10 minutes.
class JobBuilder {
 public:
  JobBuilder() {
    request_.common.edit().user.uid = 1000;
    request_.common.edit().user.name = "ada";
    request_.argv = {"true"};
    request_.common.edit().components.resize(1);
    request_.time_limit = cox::minutes(10);
  }

  JobBuilder nodes(std::uint32_t n) const { return nodes(n, n); }

  JobBuilder nodes(std::uint32_t least, std::uint32_t most) const {
    JobBuilder copy = *this;
    copy.component().nodes_min = least;
    copy.component().nodes_max = most;
    return copy;
  }

  JobBuilder tasks(std::uint32_t n) const { return of(&Component::tasks, n); }

  JobBuilder tasks_per_node(std::uint32_t n) const { return of(&Component::tasks_per_node, n); }

  JobBuilder cpus(std::uint32_t n) const { return of(&Component::cpus_per_task, n); }

  JobBuilder memory_mib(std::int64_t n) const { return of(&Component::memory_per_node_mib, n); }

  JobBuilder memory_per_cpu_mib(std::int64_t n) const {
    return of(&Component::memory_per_cpu_mib, n);
  }

  JobBuilder exclusive() const { return of(&Component::exclusive, true); }

  JobBuilder exclusive_user() const { return of(&Component::exclusive_user, true); }

  JobBuilder devices(const std::string& name, std::uint32_t n) const {
    JobBuilder copy = *this;
    copy.component().devices.push_back(DeviceRequest{name, "", n});
    return copy;
  }

  JobBuilder minutes(std::int64_t n) const { return set(&JobRequest::time_limit, cox::minutes(n)); }

  JobBuilder unlimited() const { return set(&JobRequest::time_limit, duration_unlimited); }

  JobBuilder account(const std::string& name) const { return share(&JobCommon::account, name); }

  JobBuilder qos(const std::string& name) const { return share(&JobCommon::qos, name); }

  JobBuilder uid(Uid n) const {
    JobBuilder copy = *this;
    copy.request_.common.edit().user.uid = n;
    return copy;
  }

  /// A job array: "0-9%2".
  JobBuilder array(const std::string& elements) const {
    return share(&JobCommon::array, parse_array(elements).value());
  }

  JobBuilder held() const { return set(&JobRequest::held, true); }

  JobBuilder nice(std::int32_t n) const { return share(&JobCommon::nice, n); }

  JobBuilder begin(Instant at) const { return set(&JobRequest::begin, at); }

  JobBuilder name(const std::string& text) const { return set(&JobRequest::name, text); }

  /// "afterok:1:2,singleton"
  JobBuilder after(const std::string& text) const {
    JobBuilder copy = *this;
    copy.request_.terms.edit().dependency = parse_dependency(text).value();
    return copy;
  }

  /// What became of a job that left State long ago, as history told it.
  JobBuilder knowing(const PastJob& past) const {
    JobBuilder copy = *this;
    copy.request_.terms.edit().past.push_back(past);
    return copy;
  }

  /// Waits on where its dependency can never come true.
  JobBuilder keeping() const {
    JobBuilder copy = *this;
    copy.request_.terms.edit().keep_when_never = true;
    return copy;
  }

  JobBuilder deadline(Instant at) const {
    JobBuilder copy = *this;
    copy.request_.terms.edit().deadline = at;
    return copy;
  }

  JobBuilder retry(std::uint32_t times, std::vector<ExitRange> codes) const {
    return share(&JobCommon::retry, Retry{times, std::move(codes)});
  }

  JobBuilder no_requeue() const { return share(&JobCommon::requeue, false); }

  JobBuilder partitions(std::vector<std::string> names) const {
    return share(&JobCommon::partitions, std::move(names));
  }

  JobBuilder on(std::vector<std::string> names) const {
    return share(&JobCommon::nodes_wanted, std::move(names));
  }

  JobBuilder not_on(std::vector<std::string> names) const {
    return share(&JobCommon::nodes_excluded, std::move(names));
  }

  JobBuilder constraint(const std::string& text) const {
    JobBuilder copy = *this;
    copy.wishes().constraint = Constraint::parse(text).value();
    return copy;
  }

  JobBuilder prefer(const std::string& selector) const {
    JobBuilder copy = *this;
    copy.wishes().prefer = selector;
    return copy;
  }

  JobBuilder licenses(const std::string& text) const {
    JobBuilder copy = *this;
    copy.wishes().licenses = parse_licenses(text).value();
    return copy;
  }

  JobBuilder switches(const std::string& text) const {
    JobBuilder copy = *this;
    copy.wishes().switches = parse_leaf_limit(text).value();
    return copy;
  }

  /// An allocation without tasks of its own.
  JobBuilder interactive() const {
    JobBuilder copy = *this;
    copy.request_.common.edit().kind = JobKind::interactive;
    copy.request_.argv.clear();
    return copy;
  }

  /// An interactive job whose step 0 comes with the start.
  JobBuilder running_a_step() const {
    JobBuilder copy = interactive();
    copy.request_.common.edit().has_initial_step = true;
    copy.request_.common.edit().initial_step.argv = {"true"};
    return copy;
  }

  JobRequest build() const { return request_; }

  core::SubmitJob submit(std::uint64_t key = 0) const {
    return core::SubmitJob{Caller{request_.common->user.uid, request_.common->user.gid, Role::user},
                           ClientKey{{0, key}}, request_};
  }

 private:
  JobWishes& wishes() { return request_.common.edit().wishes.edit(); }

  Component& component() { return request_.common.edit().components.front(); }

  template <class Field, class Value>
  JobBuilder of(Field field, Value value) const {
    JobBuilder copy = *this;
    copy.component().*field = value;
    return copy;
  }

  template <class Field, class Value>
  JobBuilder set(Field field, Value value) const {
    JobBuilder copy = *this;
    copy.request_.*field = std::move(value);
    return copy;
  }

  template <class Field, class Value>
  JobBuilder share(Field field, Value value) const {
    JobBuilder copy = *this;
    copy.request_.common.edit().*field = std::move(value);
    return copy;
  }

  JobRequest request_;
};

inline JobBuilder job() {
  return JobBuilder{};
}

inline Caller ada() {
  return Caller{1000, 1000, Role::user};
}

inline Caller bob() {
  return Caller{1001, 1001, Role::user};
}

inline Caller an_operator() {
  return Caller{50, 50, Role::operator_};
}

inline Caller root() {
  return Caller{0, 0, Role::administrator};
}

}  // namespace cox::testing
