// core::Fact to the bytes of a journal record.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <type_traits>
#include <variant>

#include "ctld/store/fact.pb.h"
#include "ctld/store/fact_codec.h"
#include "ctld/store/step_share_codec.h"
#include "wire/model_codec.h"
#include "wire/with_message.h"

namespace cox::ctld {

namespace {

void put(const core::EpochStarted& from, store::Fact* fact) {
  auto* to = fact->mutable_epoch_started();
  to->set_epoch(from.epoch.value);
  to->set_at_us(from.at.us);
}

void put(const core::SettingsApplied& from, store::Fact* fact) {
  auto* to = fact->mutable_settings_applied();
  to->set_at_us(from.at.us);
  wire::put(from.settings, to->mutable_settings());
  to->set_revision(from.revision);
  to->set_by(from.by);
  to->set_who(from.who);
  to->set_why(from.why);
}

void put(const core::JobSubmitted& from, store::Fact* fact) {
  auto* to = fact->mutable_job_submitted();
  to->set_job(from.job.value);
  to->set_key_high(from.key.words[0]);
  to->set_key_low(from.key.words[1]);
  to->set_at_us(from.at.us);
  wire::put(from.request, to->mutable_request());
}

void put(const core::ElementSplit& from, store::Fact* fact) {
  auto* to = fact->mutable_element_split();
  to->set_array(from.array.value);
  to->set_at_us(from.at.us);
  to->set_job(from.job.value);
  to->set_index(from.index);
}

void put(const core::ElementsCancelled& from, store::Fact* fact) {
  auto* to = fact->mutable_elements_cancelled();
  to->set_job(from.job.value);
  to->set_at_us(from.at.us);
  wire::put(from.elements, to->mutable_elements());
  to->set_by(from.by);
  to->set_why(from.why);
  to->set_by_controller(from.by_controller);
}

void put(const core::JobHeld& from, store::Fact* fact) {
  auto* to = fact->mutable_job_held();
  to->set_job(from.job.value);
  to->set_at_us(from.at.us);
  to->set_hold(static_cast<std::uint32_t>(from.hold));
  to->set_why(from.why);
}

void put(const core::JobUnheld& from, store::Fact* fact) {
  auto* to = fact->mutable_job_unheld();
  to->set_job(from.job.value);
  to->set_at_us(from.at.us);
}

/// What every fact about one attempt begins with.
template <class From, class To>
void put_attempt(const From& from, To* to) {
  to->set_job(from.job.value);
  to->set_attempt(from.attempt.value);
  to->set_at_us(from.at.us);
}

void put(const core::JobUpdated& from, store::Fact* fact) {
  auto* to = fact->mutable_job_updated();
  to->set_job(from.job.value);
  to->set_at_us(from.at.us);
  wire::put(from.request, to->mutable_request());
  to->set_by(from.by);
}

void put(const core::JobStarted& from, store::Fact* fact) {
  auto* to = fact->mutable_job_started();
  put_attempt(from, to);
  wire::put(from.allocation, to->mutable_allocation());
  to->set_partition(from.partition);
  to->set_awaits_program(from.awaits_program);
  to->set_owes_epilog(from.owes_epilog);
}

void put(const core::StartCleared& from, store::Fact* fact) {
  put_attempt(from, fact->mutable_start_cleared());
}

void put(const core::EpilogEnded& from, store::Fact* fact) {
  auto* to = fact->mutable_epilog_ended();
  put_attempt(from, to);
  to->set_why(from.why);
}

void put(const core::JobReleased& from, store::Fact* fact) {
  put_attempt(from, fact->mutable_job_released());
}

void put(const core::StartUndone& from, store::Fact* fact) {
  auto* to = fact->mutable_start_undone();
  put_attempt(from, to);
  to->set_why(from.why);
}

void put(const core::JobEnding& from, store::Fact* fact) {
  auto* to = fact->mutable_job_ending();
  put_attempt(from, to);
  to->set_cause(static_cast<std::uint32_t>(from.cause));
  to->set_by(from.by);
  to->set_why(from.why);
}

void put(const core::NodeFreed& from, store::Fact* fact) {
  auto* to = fact->mutable_node_freed();
  put_attempt(from, to);
  to->set_node(from.node.value);
  wire::put(from.usage, to->mutable_usage());
}

void put(const core::JobRequeued& from, store::Fact* fact) {
  auto* to = fact->mutable_job_requeued();
  put_attempt(from, to);
  to->set_why(from.why);
}

void put(const core::JobEnded& from, store::Fact* fact) {
  auto* to = fact->mutable_job_ended();
  put_attempt(from, to);
  to->set_state(static_cast<std::uint32_t>(from.state));
  to->set_exit_code(from.exit_code);
  to->set_signal(from.signal);
  wire::put(from.usage, to->mutable_usage());
  to->set_why(from.why);
  if (from.by) to->set_by(*from.by);
}

void put(const core::StepStarted& from, store::Fact* fact) {
  auto* to = fact->mutable_step_started();
  put_attempt(from, to);
  to->set_step(from.step.value);
  wire::put(from.request, to->mutable_request());
  to->set_key_high(from.key.words[0]);
  to->set_key_low(from.key.words[1]);
  for (const core::StepShare& share : from.shares) put_step_share(share, to->add_shares());
}

void put(const core::StepQueued& from, store::Fact* fact) {
  auto* to = fact->mutable_step_queued();
  put_attempt(from, to);
  to->set_step(from.step.value);
  wire::put(from.request, to->mutable_request());
  to->set_key_high(from.key.words[0]);
  to->set_key_low(from.key.words[1]);
}

void put(const core::StepReleased& from, store::Fact* fact) {
  auto* to = fact->mutable_step_released();
  put_attempt(from, to);
  to->set_step(from.step.value);
}

void put(const core::StepEnded& from, store::Fact* fact) {
  auto* to = fact->mutable_step_ended();
  put_attempt(from, to);
  to->set_step(from.step.value);
  wire::put(from.result, to->mutable_result());
}

void put(const core::ClassLearned& from, store::Fact* fact) {
  auto* to = fact->mutable_class_learned();
  to->set_id(from.id.value);
  wire::put(from.node_class, to->mutable_node_class());
}

void put(const core::NodeRegistered& from, store::Fact* fact) {
  auto* to = fact->mutable_node_registered();
  to->set_node(from.node.value);
  to->set_at_us(from.at.us);
  to->set_node_class(from.node_class.value);
  to->set_name(from.name);
  to->set_boot_id(from.boot_id);
  to->set_address(from.address);
  to->set_containment(from.containment);
  to->set_version(from.version);
  for (const std::int64_t mib : from.memory_mib) to->add_memory_mib(mib);
  for (const Pool& pool : from.pools) {
    auto* entry = to->add_pools();
    entry->set_name(pool.name);
    entry->set_type(pool.type);
    entry->set_total(pool.total);
  }
  to->set_is_thissystem(from.is_thissystem);
  to->set_shares_machine(from.shares_machine);
}

void put(const core::NodeLost& from, store::Fact* fact) {
  auto* to = fact->mutable_node_lost();
  to->set_node(from.node.value);
  to->set_at_us(from.at.us);
  to->set_why(from.why);
}

void put(const core::NodeSetAside& from, store::Fact* fact) {
  auto* to = fact->mutable_node_set_aside();
  to->set_node(from.node.value);
  to->set_at_us(from.at.us);
  to->set_aside(static_cast<std::uint32_t>(from.aside));
  to->set_why(from.why);
  to->set_by(from.by);
  to->set_who(from.who);
}

void put(const core::PartitionTakenDown& from, store::Fact* fact) {
  auto* to = fact->mutable_partition_taken_down();
  to->set_partition(from.partition);
  to->set_at_us(from.at.us);
  to->set_why(from.why);
  to->set_by(from.by);
  to->set_who(from.who);
}

void put(const core::UsageCharged& from, store::Fact* fact) {
  fact->mutable_usage_charged()->set_at_us(from.at.us);
}

void put(const core::PartitionBroughtUp& from, store::Fact* fact) {
  auto* to = fact->mutable_partition_brought_up();
  to->set_partition(from.partition);
  to->set_at_us(from.at.us);
  to->set_by(from.by);
  to->set_why(from.why);
  to->set_who(from.who);
}

void put(const core::NodeResumed& from, store::Fact* fact) {
  auto* to = fact->mutable_node_resumed();
  to->set_node(from.node.value);
  to->set_at_us(from.at.us);
  to->set_by(from.by);
  to->set_why(from.why);
  to->set_who(from.who);
}

void put(const core::NodeBackedOff& from, store::Fact* fact) {
  auto* to = fact->mutable_node_backed_off();
  to->set_node(from.node.value);
  to->set_at_us(from.at.us);
  to->set_job(from.job.value);
  to->set_score(from.score);
  to->set_until_us(from.until.us);
  to->set_why(from.why);
}

void put(const core::NodeTriedAgain& from, store::Fact* fact) {
  auto* to = fact->mutable_node_tried_again();
  to->set_node(from.node.value);
  to->set_at_us(from.at.us);
}

void put(const core::NodeStuck& from, store::Fact* fact) {
  auto* to = fact->mutable_node_stuck();
  put_attempt(from, to);
  to->set_node(from.node.value);
  to->set_processes(from.processes);
  to->set_why(from.why);
}

void put(const core::NodeRebootAsked& from, store::Fact* fact) {
  auto* to = fact->mutable_node_reboot_asked();
  to->set_node(from.node.value);
  to->set_at_us(from.at.us);
  to->set_asap(from.asap);
  to->set_why(from.why);
  to->set_by(from.by);
  to->set_who(from.who);
}

void put(const core::NodeRebootBegun& from, store::Fact* fact) {
  auto* to = fact->mutable_node_reboot_begun();
  to->set_node(from.node.value);
  to->set_at_us(from.at.us);
}

void put(const core::TokenUsed& from, store::Fact* fact) {
  auto* to = fact->mutable_token_used();
  to->set_token(from.token);
  to->set_at_us(from.at.us);
  to->set_until_us(from.until.us);
  to->set_node(from.host);
}

void put(const core::JobSuspended& from, store::Fact* fact) {
  put_attempt(from, fact->mutable_job_suspended());
  fact->mutable_job_suspended()->set_by(from.by);
  fact->mutable_job_suspended()->set_who(from.who);
}

void put(const core::JobResumed& from, store::Fact* fact) {
  put_attempt(from, fact->mutable_job_resumed());
  fact->mutable_job_resumed()->set_by(from.by);
  fact->mutable_job_resumed()->set_who(from.who);
}

void put(const core::RowChanged& from, store::Fact* fact) {
  put_attempt(from, fact->mutable_row_changed());
  fact->mutable_row_changed()->set_row(from.row);
}

void put(const core::RowTurned& from, store::Fact* fact) {
  auto* to = fact->mutable_row_turned();
  to->set_partition(from.partition);
  to->set_at_us(from.at.us);
  to->set_row(from.row);
}

void put(const core::NodeUnstuck& from, store::Fact* fact) {
  auto* to = fact->mutable_node_unstuck();
  put_attempt(from, to);
  to->set_node(from.node.value);
}

void put(const core::JobsForgotten& from, store::Fact* fact) {
  auto* to = fact->mutable_jobs_forgotten();
  to->set_at_us(from.at.us);
  for (const JobId job : from.jobs) to->add_jobs(job.value);
}

void put(const core::JobQuarantined& from, store::Fact* fact) {
  auto* to = fact->mutable_job_quarantined();
  to->set_job(from.job.value);
  to->set_at_us(from.at.us);
  to->set_sequence(from.sequence);
  to->set_why(from.why);
  to->set_attempt(from.attempt.value);
  for (const std::string& record : from.aside) to->add_aside(record);
}

void put(const core::RecordLost& from, store::Fact* fact) {
  auto* to = fact->mutable_record_lost();
  to->set_at_us(from.at.us);
  to->set_sequence(from.sequence);
  to->set_why(from.why);
  if (from.records != 1) to->set_records(from.records);
}

}  // namespace

void encode_fact(const core::Fact& fact, std::string* out) {
  wire::with_message<store::Fact>([&](store::Fact* record) {
    std::visit([record](const auto& body) { put(body, record); }, fact);
    // Maps in a fixed order: equal facts have equal bytes, and a trace can be hashed.
    google::protobuf::io::StringOutputStream stream(out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    record->SerializeToCodedStream(&coded);
  });
}

}  // namespace cox::ctld
