// /proc/PID/status has the affinity; /proc/PID/numa_maps the policy of each mapping, and for those
// without one of their own, as the program's, that of the process.
#include "noded/stepd/binding_check.h"

#include <algorithm>

#include "common/text.h"
#include "noded/stepd/launch.h"
#include "platform/file.h"

namespace cox::stepd {
namespace {

constexpr std::size_t proc_bytes_max = std::size_t{1} << 20;
constexpr std::string_view affinity_field = "Cpus_allowed_list:";

bool is_same_list(const std::string& a, const std::string& b) {
  auto left = parse_cpu_list(a);
  auto right = parse_cpu_list(b);
  if (!left || !right) {
    return false;
  }
  std::sort(left->begin(), left->end());
  std::sort(right->begin(), right->end());
  return *left == *right;
}

std::string affinity_in(std::string_view status) {
  for (const std::string_view line : split(status, '\n')) {
    if (line.starts_with(affinity_field)) {
      return std::string(trim(line.substr(affinity_field.size())));
    }
  }
  return {};
}

// "55d0c2a00000 bind:0 file=/usr/bin/solver ...": the program itself is mapped first.
std::string policy_in(std::string_view numa_maps) {
  const auto words = split(numa_maps.substr(0, numa_maps.find('\n')), ' ');
  return words.size() < 2 ? std::string() : std::string(words[1]);
}

bool is_bound_to(const std::string& policy, const std::string& nodes) {
  constexpr std::string_view prefix = "bind:";
  return policy.starts_with(prefix) && is_same_list(policy.substr(prefix.size()), nodes);
}

}  // namespace

std::string binding_difference(const WantedBinding& wanted,
                               std::string_view status,
                               std::string_view numa_maps) {
  std::string text;
  const std::string cpus = affinity_in(status);
  if (!wanted.cpus.empty() && !cpus.empty() && !is_same_list(cpus, wanted.cpus)) {
    text = "runs on cpus " + cpus + ", not " + wanted.cpus;
  }
  const std::string policy = policy_in(numa_maps);
  if (!wanted.memory.empty() && !policy.empty() && !is_bound_to(policy, wanted.memory)) {
    text += (text.empty() ? "" : " and ") + ("has memory policy " + policy + ", not bind:") +
            wanted.memory;
  }
  return text;
}

std::string check_binding(pid_t pid, const WantedBinding& wanted) {
  const std::string directory = "/proc/" + std::to_string(pid);
  return binding_difference(
      wanted, platform::read_file(directory + "/status", proc_bytes_max).value_or(""),
      wanted.memory.empty()
          ? std::string()
          : platform::read_file(directory + "/numa_maps", proc_bytes_max).value_or(""));
}

}  // namespace cox::stepd
