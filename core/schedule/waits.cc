// See waits.h.
#include "core/schedule/waits.h"

#include <algorithm>
#include <array>

#include "common/node_list.h"
#include "common/text.h"
#include "core/fleet/expectation.h"
#include "core/fleet/trouble.h"
#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

bool is_answering(const Contact& contact, NodeId node) {
  return contact.is_connected(node) &&
         (node.value >= contact.silent.size() || !contact.silent.test(node.value));
}

/// Stuck nodes and those that rest have a text of their own, with the reason.
std::string condition_of(const State& state, const Contact& contact, const Node& node) {
  if (!node.stuck.empty() || node.backed_off_until.is_set()) return "";
  if (is_before_reboot(node)) return "starting anew";
  if (node.is_lost) return "lost";
  if (!is_answering(contact, node.id)) return "not answering";
  switch (node.aside) {
    case Aside::drained:
      return "drained";
    case Aside::down:
      return "down";
    case Aside::failed:
      return "set aside after failed starts";
    case Aside::unhealthy:
      return "unhealthy";
    case Aside::none:
      break;
  }
  if (is_short(state.index, state.record, node)) return "smaller than expected";
  return contact.is_cluttered(node.id) ? "ending what it held" : "unusable";
}

constexpr std::array conditions = {"starting anew",
                                   "lost",
                                   "not answering",
                                   "drained",
                                   "down",
                                   "set aside after failed starts",
                                   "unhealthy",
                                   "smaller than expected",
                                   "ending what it held",
                                   "unusable"};

void add_group(const std::string& what, const std::vector<std::string>& names, std::string* text) {
  if (names.empty()) return;
  *text += (text->empty() ? "" : "; ") + what + ": " + fold_node_list(names);
}

bool is_kind(const DeviceRequest& wanted, const std::string& name, const std::string& type) {
  return name == wanted.name && (wanted.type.empty() || type == wanted.type);
}

std::uint64_t free_devices(const State& state, const Node& node, const DeviceRequest& wanted) {
  const NodeFree& free = state.index.free[node.id.value];
  const auto& devices = state.class_of(node).devices;
  std::uint64_t count = 0;
  free.devices.for_each(
      [&](std::size_t i) { count += is_kind(wanted, devices[i].name, devices[i].type) ? 1 : 0; });
  for (std::size_t i = 0; i < node.pools.size(); ++i) {
    if (!is_kind(wanted, node.pools[i].name, node.pools[i].type)) continue;
    count += static_cast<std::uint64_t>(std::max<std::int64_t>(0, free.pools[i]));
  }
  return count;
}

bool is_awaited(const Contact& contact, const Job& job, std::size_t position) {
  if (job.phase == JobPhase::ending) return !job.run->freed.test(position);
  const auto answers = contact.attempts.find(AttemptKey{job.id, job.attempt});
  return answers == contact.attempts.end() ||
         !answers->second.prepared.contains(job.run->allocation.nodes[position].node);
}

}  // namespace

std::string missing_text(const State& state,
                         const Contact& contact,
                         const Bitset& all,
                         const Bitset& ready) {
  std::array<std::vector<std::string>, conditions.size()> names;
  all.for_each([&](std::size_t i) {
    if (ready.test(i)) return;
    const Node& node = state.record.nodes[i];
    const std::string condition = condition_of(state, contact, node);
    const auto* found = std::ranges::find(conditions, condition);
    if (found != conditions.end()) {
      names[static_cast<std::size_t>(found - conditions.begin())].push_back(node.name);
    }
  });
  std::string text;
  for (std::size_t i = 0; i < conditions.size(); ++i) add_group(conditions[i], names[i], &text);
  return text;
}

std::string awaited_text(const State& state, const Contact& contact, const Job& job) {
  if (job.phase != JobPhase::starting && job.phase != JobPhase::ending) return "";
  const auto& nodes = job.run->allocation.nodes;
  std::vector<std::string> at_work;
  std::vector<std::string> silent;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!is_awaited(contact, job, i)) continue;
    const std::string& name = state.record.nodes[nodes[i].node.value].name;
    (is_answering(contact, nodes[i].node) ? at_work : silent).push_back(name);
  }
  std::string text;
  add_group(job.phase == JobPhase::starting ? "preparing" : "ending", at_work, &text);
  add_group("not answering", silent, &text);
  return text;
}

std::vector<DeviceRoom> device_rooms(const State& state,
                                     const Bitset& ready,
                                     const JobRequest& request) {
  std::vector<DeviceRoom> rooms;
  for (const DeviceRequest& wanted : request.common->components.front().devices) {
    DeviceRoom room{device_kind(wanted.name, wanted.type) + ":" + std::to_string(wanted.count), 0,
                    0};
    ready.for_each([&](std::size_t i) {
      const std::uint64_t free = free_devices(state, state.record.nodes[i], wanted);
      room.nodes += free >= wanted.count ? 1 : 0;
      room.most = std::max(room.most, free);
    });
    rooms.push_back(std::move(room));
  }
  return rooms;
}

}  // namespace cox::core
