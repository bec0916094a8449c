// The key is a run of length-prefixed texts and fixed-size numbers, so that no two requests
// collide.
#include "core/schedule/class_key.h"

#include <algorithm>

namespace cox::core {
namespace {

void add(std::string& key, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) key.push_back(static_cast<char>(number >> shift));
}

void add(std::string& key, const std::string& text) {
  add(key, text.size());
  key += text;
}

void add(std::string& key, const std::vector<std::string>& texts) {
  add(key, texts.size());
  for (const std::string& text : texts) add(key, text);
}

void add(std::string& key, const Component& c) {
  for (const std::uint64_t number :
       {std::uint64_t{c.nodes_min}, std::uint64_t{c.nodes_max}, std::uint64_t{c.tasks},
        std::uint64_t{c.tasks_per_node}, std::uint64_t{c.cpus_per_task},
        static_cast<std::uint64_t>(c.memory_per_node_mib),
        static_cast<std::uint64_t>(c.memory_per_cpu_mib), std::uint64_t{c.exclusive},
        std::uint64_t{c.exclusive_user}}) {
    add(key, number);
  }
  add(key, c.devices.size());
  for (const DeviceRequest& device : c.devices) {
    add(key, device.name);
    add(key, device.type);
    add(key, device.count);
  }
}

}  // namespace

std::string kind_key(const JobCommon& common, const std::string& partition) {
  std::string key;
  add(key, partition);
  add(key, common.account);
  add(key, common.qos);
  add(key, common.wishes->constraint.text());
  add(key, common.wishes->prefer);
  add(key, common.wishes->licenses.size());
  for (const LicenseRequest& license : common.wishes->licenses) {
    add(key, license.name);
    add(key, license.count);
  }
  const LeafLimit& switches = common.wishes->switches;
  add(key, switches.counts() ? switches.count : 0);
  add(key, common.nodes_wanted);
  add(key, common.nodes_excluded);
  for (const Component& component : common.components) add(key, component);
  return key;
}

std::string class_key(const JobRequest& request, const std::string& partition) {
  std::string key = kind_key(*request.common, partition);
  add(key, static_cast<std::uint64_t>(request.time_limit.us));
  return key;
}

std::uint64_t cores_least(const JobRequest& request, const PartitionSettings& partition) {
  const Component& c = request.common->components.front();
  if (partition.cpu_is_thread || partition.whole_nodes || c.exclusive) return c.nodes_min;
  const std::uint64_t per_node = std::max(1U, c.tasks_per_node);
  const std::uint64_t tasks = c.tasks != 0 ? c.tasks : c.nodes_min * per_node;
  return tasks * std::max(1U, c.cpus_per_task);
}

}  // namespace cox::core
