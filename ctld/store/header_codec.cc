// See header_codec.h.
#include "ctld/store/header_codec.h"

#include <utility>

#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

/// What people changed at run time, beside the settings themselves.
void put_configuration(const core::Record& record, store::StateHeader* header) {
  header->set_revision(record.revision);
  for (const core::AppliedSettings& one : record.revisions) {
    auto* to = header->add_revisions();
    to->set_at_us(one.at.us);
    wire::put(one.settings, to->mutable_settings());
    to->set_revision(one.revision);
    to->set_by(one.by);
    to->set_who(one.who);
    to->set_why(one.why);
  }
  for (const auto& [name, down] : record.partitions_down) {
    auto* to = header->add_partitions_down();
    to->set_partition(name);
    to->set_at_us(down.at.us);
    to->set_why(down.why);
    to->set_by(down.by);
    to->set_who(down.who);
  }
}

void put_usage(const core::UsageRecord& usage, store::StateUsage* to) {
  to->set_charged_at_us(usage.charged_at.us);
  to->set_has_counted(usage.has_counted);
  for (const auto& [who, used] : usage.of) {
    auto* one = to->add_of();
    one->set_account(who.account);
    one->set_uid(who.uid);
    one->set_user(used.user);
    one->set_charged(used.charged);
    one->set_counted(used.counted);
  }
}

core::UsageRecord take_usage(const store::StateUsage& from) {
  core::UsageRecord usage{Instant{from.charged_at_us()}, from.has_counted(), {}};
  for (const auto& one : from.of()) {
    usage.of[{one.account(), one.uid()}] = {one.user(), one.charged(), one.counted()};
  }
  return usage;
}

/// A revision that cannot be read is left out: it is only history.
void take_configuration(const store::StateHeader& header, core::Record* record) {
  record->revision = header.revision();
  for (const auto& from : header.revisions()) {
    auto settings = wire::take(from.settings());
    if (!settings) continue;
    record->revisions.push_back({from.revision(), Instant{from.at_us()}, from.by(), from.who(),
                                 from.why(), std::move(*settings)});
  }
  for (const auto& from : header.partitions_down()) {
    record->partitions_down[from.partition()] = {Instant{from.at_us()}, from.by(), from.who(),
                                                 from.why()};
  }
}

}  // namespace

store::StateHeader encode_header(const core::Record& record) {
  store::StateHeader header;
  header.set_epoch(record.epoch.value);
  wire::put(record.settings, header.mutable_settings());
  header.set_next_job(record.next_job.value);
  header.set_last_submit_us(record.last_submit.us);
  header.set_keys_from(record.keys_from.value);
  for (const auto& [id, job] : record.quarantined) {
    auto* to = header.add_quarantined();
    to->set_job(id.value);
    to->set_at_us(job.at.us);
    to->set_sequence(job.sequence);
    to->set_why(job.why);
    to->set_attempt(job.attempt.value);
    for (const std::string& bytes : job.aside) to->add_aside(bytes);
  }
  for (const core::LostRecord& lost : record.lost) {
    auto* to = header.add_lost();
    to->set_at_us(lost.at.us);
    to->set_sequence(lost.sequence);
    to->set_why(lost.why);
  }
  put_configuration(record, &header);
  put_usage(record.usage, header.mutable_usage());
  for (const AttemptKey& key : record.epilogs_owed) {
    auto* to = header.add_epilogs();
    to->set_job(key.job.value);
    to->set_attempt(key.attempt.value);
  }
  for (const auto& [token, until] : record.tokens_used) {
    auto* to = header.add_tokens();
    to->set_token(token);
    to->set_until_us(until.us);
  }
  for (const auto& [partition, turn] : record.turns) {
    auto* to = header.add_turns();
    to->set_partition(partition);
    to->set_row(turn.row);
    to->set_at_us(turn.since.us);
  }
  return header;
}

Result<void> decode_header(const store::StateHeader& header, core::Record* record) {
  auto settings = wire::take(header.settings());
  if (!settings) return tl::unexpected(settings.error());
  record->epoch = Epoch(header.epoch());
  record->settings = std::move(*settings);
  take_configuration(header, record);
  record->usage = take_usage(header.usage());
  record->next_job = JobId(header.next_job());
  record->last_submit = Instant{header.last_submit_us()};
  for (const auto& from : header.quarantined()) {
    record->quarantined[JobId(from.job())] = {Instant{from.at_us()},
                                              from.sequence(),
                                              from.why(),
                                              Attempt(from.attempt()),
                                              {from.aside().begin(), from.aside().end()}};
  }
  for (const auto& from : header.epilogs()) {
    record->epilogs_owed.insert({JobId(from.job()), Attempt(from.attempt())});
  }
  for (const auto& from : header.tokens()) {
    record->tokens_used[from.token()] = Instant{from.until_us()};
  }
  for (const auto& from : header.turns()) {
    record->turns[from.partition()] = {from.row(), Instant{from.at_us()}};
  }
  for (const auto& from : header.lost()) {
    record->lost.push_back({Instant{from.at_us()}, from.sequence(), from.why()});
  }
  return {};
}

}  // namespace cox::ctld
