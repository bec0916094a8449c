// What administrators do to the configuration, and operators to partitions.
#include <algorithm>
#include <string>

#include "common/text.h"
#include "core/job/partition_limits.h"
#include "core/job/permission.h"
#include "core/scene.h"

namespace cox::core {
namespace {

SettingsApplied applied(const Scene& scene,
                        const Caller& caller,
                        Settings settings,
                        const std::string& who,
                        const std::string& why) {
  return {scene.now, std::move(settings), scene.state.record.revision + 1, caller.uid, who, why};
}

std::string kept_text(const Record& record) {
  if (record.revisions.empty()) return "none is kept";
  return "kept: " + std::to_string(record.revisions.front().revision) + " to " +
         std::to_string(record.revisions.back().revision);
}

Result<const AppliedSettings*> revision_of(const Record& record, std::uint32_t wanted) {
  const auto& all = record.revisions;
  if (wanted == 0) {
    if (all.size() > 1) return &all[all.size() - 2];
    return fail(Code::refused,
                "there is no configuration before revision " + std::to_string(record.revision));
  }
  const auto found = std::ranges::find(all, wanted, &AppliedSettings::revision);
  if (found != all.end()) return &*found;
  return fail(Code::not_found,
              "no revision " + std::to_string(wanted) + " (" + kept_text(record) + ")");
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const ApplySettings& ask) {
  const auto may = require_administrator(ask.caller, "changing the configuration");
  if (!may.has_value()) return Failure(may.error());
  if (scene.state.record.revision != 0 && scene.state.record.settings == ask.settings) {
    return Facts{};
  }
  return Facts{applied(scene, ask.caller, ask.settings, ask.who, ask.why)};
}

Result<Facts> decide_one(const Scene& scene, const RollBackSettings& ask) {
  const auto may = require_administrator(ask.caller, "changing the configuration");
  if (!may.has_value()) return Failure(may.error());
  const Record& record = scene.state.record;
  const auto found = revision_of(record, ask.revision);
  if (!found.has_value()) return Failure(found.error());
  Settings settings = (*found)->settings;
  settings.cluster = record.settings.cluster;
  settings.auth = record.settings.auth;
  if (settings == record.settings) return Facts{};
  std::string why = "rollback to revision " + std::to_string((*found)->revision);
  if (!ask.why.empty()) why += ": " + ask.why;
  return Facts{applied(scene, ask.caller, std::move(settings), ask.who, why)};
}

Result<Facts> decide_one(const Scene& scene, const TakePartitionDown& ask) {
  const auto may = require_operator(ask.caller, "taking a partition down");
  if (!may.has_value()) return Failure(may.error());
  const auto known = check_partition(scene.state.record.settings, ask.partition);
  if (!known.has_value()) return Failure(known.error());
  if (ask.why.empty()) {
    return fail(Code::bad_usage, "partition " + ask.partition + ": a reason is needed");
  }
  const auto& down = scene.state.record.partitions_down;
  const auto found = down.find(ask.partition);
  if (found != down.end() && found->second.why == ask.why) return Facts{};
  return Facts{PartitionTakenDown{ask.partition, scene.now, ask.why, ask.caller.uid, ask.who}};
}

Result<Facts> decide_one(const Scene& scene, const BringPartitionUp& ask) {
  const auto may = require_operator(ask.caller, "bringing a partition up");
  if (!may.has_value()) return Failure(may.error());
  const auto known = check_partition(scene.state.record.settings, ask.partition);
  if (!known.has_value()) return Failure(known.error());
  if (!scene.state.record.partitions_down.contains(ask.partition)) return Facts{};
  return Facts{PartitionBroughtUp{ask.partition, scene.now, ask.caller.uid, ask.why, ask.who}};
}

}  // namespace cox::core
