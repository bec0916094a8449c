// Names of the kinds.
#include "testsuite/faults/fault_kinds.h"

#include <array>
#include <cstdlib>

namespace cox::faults {
namespace {

constexpr std::array<std::string_view, kinds_count> names = {
    "controller_killed",  "power_cut",       "disk_slow",         "disk_full",
    "clock_forward",      "clock_backward",  "client_cut",        "client_resends",
    "client_key_taken",   "stale_message",   "message_lost",      "message_doubled",
    "message_late",       "half_open",       "node_cut",          "daemon_killed",
    "attempt_files_lost", "machine_stopped", "inventory_changed", "twin",
    "supervisor_killed",  "container_fails", "spawn_fails",       "step_unprepared",
    "term_ignored",       "task_stuck",      "removal_busy",      "config_changed",
    "partition_down",     "node_drained",    "node_taken_down",   "turns_taken",
    "jobs_suspended"};
static_assert(!names.back().empty());

}  // namespace

std::string_view name_of(Kind kind) {
  return names.at(static_cast<std::size_t>(kind));
}

std::string KindSet::text() const {
  std::string text;
  for (std::size_t i = 0; i < kinds_count; ++i) {
    if (!has(static_cast<Kind>(i))) continue;
    if (!text.empty()) text += ',';
    text += names.at(i);
  }
  return text;
}

Result<KindSet> KindSet::parse(std::string_view text) {
  KindSet set;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(word.size() == text.size() ? word.size() : word.size() + 1);
    bool is_known = false;
    for (std::size_t i = 0; i < kinds_count; ++i) {
      if (names.at(i) != word) continue;
      set.add(static_cast<Kind>(i));
      is_known = true;
    }
    if (!is_known) return fail(Code::bad_usage, "no fault is named " + std::string(word));
  }
  return set;
}

}  // namespace cox::faults
