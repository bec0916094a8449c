// The bytes of a journal record to core::Fact, every value checked.
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "ctld/store/fact.pb.h"
#include "ctld/store/fact_codec.h"
#include "ctld/store/step_share_codec.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

using Decoded = Result<core::Fact>;

Failure impossible(const char* field, std::uint64_t value) {
  return fail(Code::internal, std::string(field) + " " + std::to_string(value) + " is impossible");
}

/// Any part that the wire refused is a fault of the journal, not of a user.
Failure damaged(const Error& error) {
  return fail(Code::internal, error.message);
}

template <class From>
AttemptKey attempt_of(const From& from) {
  return {JobId(from.job()), Attempt(from.attempt())};
}

template <class From>
Instant at(const From& from) {
  return Instant{from.at_us()};
}

Decoded take(const store::EpochStarted& from) {
  return core::EpochStarted{Epoch(from.epoch()), at(from)};
}

Decoded take(const store::SettingsApplied& from) {
  auto settings = wire::take(from.settings());
  if (!settings) return damaged(settings.error());
  return core::SettingsApplied{at(from),  std::move(*settings), from.revision(),
                               from.by(), from.who(),           from.why()};
}

Decoded take(const store::JobSubmitted& from) {
  auto request = wire::take(from.request());
  if (!request) return damaged(request.error());
  return core::JobSubmitted{JobId(from.job()), ClientKey{{from.key_high(), from.key_low()}},
                            at(from), std::move(*request)};
}

Decoded take(const store::ElementSplit& from) {
  return core::ElementSplit{JobId(from.job()), at(from), JobId(from.array()), from.index()};
}

Decoded take(const store::ElementsCancelled& from) {
  auto elements = wire::take(from.elements());
  if (!elements) return damaged(elements.error());
  return core::ElementsCancelled{JobId(from.job()), at(from),   std::move(*elements),
                                 from.by(),         from.why(), from.by_controller()};
}

Decoded take(const store::JobHeld& from) {
  if (from.hold() > static_cast<std::uint32_t>(Hold::by_system)) {
    return impossible("hold", from.hold());
  }
  return core::JobHeld{JobId(from.job()), at(from), static_cast<Hold>(from.hold()), from.why()};
}

Decoded take(const store::JobUnheld& from) {
  return core::JobUnheld{JobId(from.job()), at(from)};
}

Decoded take(const store::JobUpdated& from) {
  auto request = wire::take(from.request());
  if (!request) return damaged(request.error());
  return core::JobUpdated{JobId(from.job()), at(from), std::move(*request), from.by()};
}

Decoded take(const store::JobStarted& from) {
  auto allocation = wire::take(from.allocation());
  if (!allocation) return damaged(allocation.error());
  const auto [job, attempt] = attempt_of(from);
  return core::JobStarted{job,
                          attempt,
                          at(from),
                          std::move(*allocation),
                          from.partition(),
                          from.awaits_program(),
                          from.owes_epilog()};
}

Decoded take(const store::StartCleared& from) {
  const auto [job, attempt] = attempt_of(from);
  return core::StartCleared{job, attempt, at(from)};
}

Decoded take(const store::EpilogEnded& from) {
  const auto [job, attempt] = attempt_of(from);
  return core::EpilogEnded{job, attempt, at(from), from.why()};
}

Decoded take(const store::JobReleased& from) {
  const auto [job, attempt] = attempt_of(from);
  return core::JobReleased{job, attempt, at(from)};
}

Decoded take(const store::StartUndone& from) {
  const auto [job, attempt] = attempt_of(from);
  return core::StartUndone{job, attempt, at(from), from.why()};
}

Decoded take(const store::JobEnding& from) {
  if (from.cause() > static_cast<std::uint32_t>(EndCause::deadline)) {
    return impossible("cause", from.cause());
  }
  const auto [job, attempt] = attempt_of(from);
  const auto cause = static_cast<EndCause>(from.cause());
  return core::JobEnding{job, attempt, at(from), cause, from.by(), from.why()};
}

Decoded take(const store::NodeFreed& from) {
  const auto [job, attempt] = attempt_of(from);
  return core::NodeFreed{job, attempt, NodeId(from.node()), at(from), wire::take(from.usage())};
}

Decoded take(const store::JobRequeued& from) {
  const auto [job, attempt] = attempt_of(from);
  return core::JobRequeued{job, attempt, at(from), from.why()};
}

Decoded take(const store::JobEnded& from) {
  if (from.state() > static_cast<std::uint32_t>(JobState::deadline)) {
    return impossible("state", from.state());
  }
  const auto [job, attempt] = attempt_of(from);
  return core::JobEnded{job,
                        attempt,
                        at(from),
                        static_cast<JobState>(from.state()),
                        from.exit_code(),
                        from.signal(),
                        wire::take(from.usage()),
                        from.why(),
                        from.has_by() ? std::optional<Uid>(from.by()) : std::nullopt};
}

Decoded take(const store::StepStarted& from) {
  auto request = wire::take(from.request());
  if (!request) return damaged(request.error());
  std::vector<core::StepShare> shares;
  shares.reserve(static_cast<std::size_t>(from.shares_size()));
  for (const auto& share : from.shares()) {
    auto taken = take_step_share(share);
    if (!taken) return damaged(taken.error());
    shares.push_back(*std::move(taken));
  }
  const auto [job, attempt] = attempt_of(from);
  return core::StepStarted{job,
                           attempt,
                           StepId(from.step()),
                           at(from),
                           std::move(*request),
                           std::move(shares),
                           ClientKey{{from.key_high(), from.key_low()}}};
}

Decoded take(const store::StepQueued& from) {
  auto request = wire::take(from.request());
  if (!request) return damaged(request.error());
  const auto [job, attempt] = attempt_of(from);
  return core::StepQueued{job,
                          attempt,
                          StepId(from.step()),
                          at(from),
                          std::move(*request),
                          ClientKey{{from.key_high(), from.key_low()}}};
}

Decoded take(const store::StepReleased& from) {
  const auto [job, attempt] = attempt_of(from);
  return core::StepReleased{job, attempt, StepId(from.step()), at(from)};
}

Decoded take(const store::StepEnded& from) {
  auto result = wire::take(from.result());
  if (!result) return damaged(result.error());
  const auto [job, attempt] = attempt_of(from);
  return core::StepEnded{job, attempt, StepId(from.step()), at(from), std::move(*result)};
}

Decoded take(const store::ClassLearned& from) {
  auto node_class = wire::take(from.node_class());
  if (!node_class) return damaged(node_class.error());
  return core::ClassLearned{ClassId(from.id()), std::move(*node_class)};
}

Decoded take(const store::NodeRegistered& from) {
  core::NodeRegistered fact;
  fact.node = NodeId(from.node());
  fact.at = at(from);
  fact.node_class = ClassId(from.node_class());
  fact.name = from.name();
  fact.boot_id = from.boot_id();
  fact.address = from.address();
  fact.containment = from.containment();
  fact.version = from.version();
  fact.memory_mib.assign(from.memory_mib().begin(), from.memory_mib().end());
  for (const auto& pool : from.pools()) {
    fact.pools.push_back(Pool{pool.name(), pool.type(), pool.total()});
  }
  fact.is_thissystem = from.is_thissystem();
  fact.shares_machine = from.shares_machine();
  return fact;
}

Decoded take(const store::NodeLost& from) {
  return core::NodeLost{NodeId(from.node()), at(from), from.why()};
}

Decoded take(const store::NodeSetAside& from) {
  if (from.aside() > static_cast<std::uint32_t>(core::Aside::unhealthy)) {
    return impossible("aside", from.aside());
  }
  const auto aside = static_cast<core::Aside>(from.aside());
  return core::NodeSetAside{NodeId(from.node()), at(from),  aside,
                            from.why(),          from.by(), from.who()};
}

Decoded take(const store::PartitionTakenDown& from) {
  return core::PartitionTakenDown{from.partition(), at(from), from.why(), from.by(), from.who()};
}

Decoded take(const store::UsageCharged& from) {
  return core::UsageCharged{at(from)};
}

Decoded take(const store::PartitionBroughtUp& from) {
  return core::PartitionBroughtUp{from.partition(), at(from), from.by(), from.why(), from.who()};
}

Decoded take(const store::NodeResumed& from) {
  return core::NodeResumed{NodeId(from.node()), at(from), from.by(), from.why(), from.who()};
}

Decoded take(const store::NodeBackedOff& from) {
  return core::NodeBackedOff{NodeId(from.node()),      at(from),  JobId(from.job()), from.score(),
                             Instant{from.until_us()}, from.why()};
}

Decoded take(const store::NodeTriedAgain& from) {
  return core::NodeTriedAgain{NodeId(from.node()), at(from)};
}

Decoded take(const store::NodeStuck& from) {
  return core::NodeStuck{NodeId(from.node()),     at(from),         JobId(from.job()),
                         Attempt(from.attempt()), from.processes(), from.why()};
}

Decoded take(const store::NodeRebootAsked& from) {
  return core::NodeRebootAsked{NodeId(from.node()), at(from),  from.asap(),
                               from.why(),          from.by(), from.who()};
}

Decoded take(const store::NodeRebootBegun& from) {
  return core::NodeRebootBegun{NodeId(from.node()), at(from)};
}

Decoded take(const store::TokenUsed& from) {
  return core::TokenUsed{from.token(), at(from), Instant{from.until_us()}, from.node()};
}

Decoded take(const store::JobSuspended& from) {
  return core::JobSuspended{JobId(from.job()), Attempt(from.attempt()), at(from), from.by(),
                            from.who()};
}

Decoded take(const store::JobResumed& from) {
  return core::JobResumed{JobId(from.job()), Attempt(from.attempt()), at(from), from.by(),
                          from.who()};
}

Decoded take(const store::RowChanged& from) {
  if (from.row() == 0 || from.row() > slice_rows_max) return impossible("row", from.row());
  return core::RowChanged{JobId(from.job()), Attempt(from.attempt()), at(from), from.row()};
}

Decoded take(const store::RowTurned& from) {
  if (from.row() == 0 || from.row() > slice_rows_max) return impossible("row", from.row());
  return core::RowTurned{from.partition(), at(from), from.row()};
}

Decoded take(const store::NodeUnstuck& from) {
  return core::NodeUnstuck{NodeId(from.node()), at(from), JobId(from.job()),
                           Attempt(from.attempt())};
}

Decoded take(const store::JobsForgotten& from) {
  core::JobsForgotten fact{at(from), {}};
  for (const std::uint64_t job : from.jobs()) fact.jobs.push_back(JobId(job));
  return fact;
}

Decoded take(const store::JobQuarantined& from) {
  return core::JobQuarantined{JobId(from.job()),       at(from),
                              from.sequence(),         from.why(),
                              Attempt(from.attempt()), {from.aside().begin(), from.aside().end()}};
}

Decoded take(const store::RecordLost& from) {
  return core::RecordLost{at(from), from.sequence(), from.why(),
                          std::max<std::uint64_t>(from.records(), 1)};
}

/// Of jobs and steps, and of what concerns all; nothing where it is of the fleet or later.
std::optional<Decoded> take_first(const store::Fact& fact) {
  switch (fact.body_case()) {
    case store::Fact::kEpochStarted:
      return take(fact.epoch_started());
    case store::Fact::kSettingsApplied:
      return take(fact.settings_applied());
    case store::Fact::kJobSubmitted:
      return take(fact.job_submitted());
    case store::Fact::kJobHeld:
      return take(fact.job_held());
    case store::Fact::kJobUnheld:
      return take(fact.job_unheld());
    case store::Fact::kJobStarted:
      return take(fact.job_started());
    case store::Fact::kJobReleased:
      return take(fact.job_released());
    case store::Fact::kStartUndone:
      return take(fact.start_undone());
    case store::Fact::kJobEnding:
      return take(fact.job_ending());
    case store::Fact::kNodeFreed:
      return take(fact.node_freed());
    case store::Fact::kJobRequeued:
      return take(fact.job_requeued());
    case store::Fact::kJobEnded:
      return take(fact.job_ended());
    case store::Fact::kStepStarted:
      return take(fact.step_started());
    case store::Fact::kStepQueued:
      return take(fact.step_queued());
    case store::Fact::kStepReleased:
      return take(fact.step_released());
    case store::Fact::kStepEnded:
      return take(fact.step_ended());
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<core::Fact> decode_fact(std::string_view bytes) {
  store::Fact fact;
  if (!fact.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::internal, "not a fact");
  }
  if (auto first = take_first(fact)) return *std::move(first);
  switch (fact.body_case()) {
    case store::Fact::kClassLearned:
      return take(fact.class_learned());
    case store::Fact::kNodeRegistered:
      return take(fact.node_registered());
    case store::Fact::kNodeLost:
      return take(fact.node_lost());
    case store::Fact::kNodeSetAside:
      return take(fact.node_set_aside());
    case store::Fact::kPartitionTakenDown:
      return take(fact.partition_taken_down());
    case store::Fact::kUsageCharged:
      return take(fact.usage_charged());
    case store::Fact::kPartitionBroughtUp:
      return take(fact.partition_brought_up());
    case store::Fact::kNodeResumed:
      return take(fact.node_resumed());
    case store::Fact::kNodeBackedOff:
      return take(fact.node_backed_off());
    case store::Fact::kNodeTriedAgain:
      return take(fact.node_tried_again());
    case store::Fact::kNodeStuck:
      return take(fact.node_stuck());
    case store::Fact::kNodeUnstuck:
      return take(fact.node_unstuck());
    case store::Fact::kJobsForgotten:
      return take(fact.jobs_forgotten());
    case store::Fact::kJobQuarantined:
      return take(fact.job_quarantined());
    case store::Fact::kRecordLost:
      return take(fact.record_lost());
    case store::Fact::kElementSplit:
      return take(fact.element_split());
    case store::Fact::kElementsCancelled:
      return take(fact.elements_cancelled());
    case store::Fact::kJobUpdated:
      return take(fact.job_updated());
    case store::Fact::kStartCleared:
      return take(fact.start_cleared());
    case store::Fact::kEpilogEnded:
      return take(fact.epilog_ended());
    case store::Fact::kNodeRebootAsked:
      return take(fact.node_reboot_asked());
    case store::Fact::kNodeRebootBegun:
      return take(fact.node_reboot_begun());
    case store::Fact::kTokenUsed:
      return take(fact.token_used());
    case store::Fact::kJobSuspended:
      return take(fact.job_suspended());
    case store::Fact::kJobResumed:
      return take(fact.job_resumed());
    case store::Fact::kRowChanged:
      return take(fact.row_changed());
    case store::Fact::kRowTurned:
      return take(fact.row_turned());
    default:  // none, or one of a later version
      break;
  }
  return fail(Code::internal, "a kind of fact that this version does not know");
}

JobId job_of_record(std::string_view bytes) {
  // A message in a message, whose first field is the job in every fact that is about one.
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  const std::uint32_t kind = in.ReadTag() >> 3U;
  std::uint32_t length = 0;
  std::uint64_t job = 0;
  constexpr std::uint32_t job_tag = 1U << 3U;
  constexpr std::array about_no_job = {1U,  2U,  16U, 17U, 18U, 19U, 20U, 21U, 22U, 23U,
                                       24U, 30U, 32U, 40U, 41U, 50U, 72U, 73U, 74U, 123U};
  if (kind == 0 || std::ranges::find(about_no_job, kind) != about_no_job.end()) return JobId{};
  if (!in.ReadVarint32(&length) || in.ReadTag() != job_tag || !in.ReadVarint64(&job))
    return JobId{};
  return JobId(job);
}

std::string_view fact_name(const core::Fact& fact) {
  constexpr std::array<std::string_view, std::variant_size_v<core::Fact>> names = {
      "EpochStarted",       "SettingsApplied", "JobSubmitted",      "JobHeld",
      "JobUnheld",          "JobStarted",      "JobReleased",       "StartUndone",
      "JobEnding",          "NodeFreed",       "JobRequeued",       "JobEnded",
      "StepStarted",        "StepReleased",    "StepEnded",         "ClassLearned",
      "NodeRegistered",     "NodeLost",        "NodeSetAside",      "NodeResumed",
      "NodeBackedOff",      "NodeTriedAgain",  "NodeStuck",         "NodeUnstuck",
      "JobsForgotten",      "JobQuarantined",  "RecordLost",        "PartitionTakenDown",
      "PartitionBroughtUp", "ElementSplit",    "ElementsCancelled", "UsageCharged",
      "JobUpdated",         "StartCleared",    "EpilogEnded",       "NodeRebootAsked",
      "NodeRebootBegun",    "TokenUsed",       "StepQueued",        "JobSuspended",
      "JobResumed",         "RowChanged",      "RowTurned"};
  return names[fact.index()];
}

}  // namespace cox::ctld
