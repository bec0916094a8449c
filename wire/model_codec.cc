// Small values of the vocabulary as bytes: hashes, keys, errors, usage, results, settings.
#include "wire/model_codec.h"

#include <algorithm>

#include "wire/check.h"

namespace cox::wire {

void put(const cox::Hash& from, std::string* to) {
  if (from.empty()) {
    to->clear();
    return;
  }
  to->assign(reinterpret_cast<const char*>(from.bytes.data()), from.bytes.size());
}

Result<cox::Hash> take_hash(const std::string& from) {
  cox::Hash hash;
  if (from.empty()) return hash;
  if (from.size() != hash.bytes.size()) {
    return fail(Code::bad_usage, "a hash of " + std::to_string(from.size()) + " bytes, not 32");
  }
  std::copy(from.begin(), from.end(), hash.bytes.begin());
  return hash;
}

void put(const cox::Usage& from, Usage* to) {
  to->set_user_us(from.user_us);
  to->set_system_us(from.system_us);
  to->set_memory_peak_bytes(from.memory_peak_bytes);
}

cox::Usage take(const Usage& from) {
  const auto amount = [](std::int64_t value) {
    return std::clamp<std::int64_t>(value, 0, amount_max);
  };
  return {amount(from.user_us()), amount(from.system_us()), amount(from.memory_peak_bytes())};
}

void put(const cox::StepResult& from, StepResult* to) {
  to->set_cause(static_cast<std::uint32_t>(from.cause));
  to->set_exit_code(from.exit_code);
  to->set_signal(from.signal);
  to->set_tasks_failed(from.tasks_failed);
  put(from.usage, to->mutable_usage());
  to->set_detail(clipped(from.detail));
}

Result<cox::StepResult> take(const StepResult& from) {
  Check check;
  cox::StepResult to;
  to.cause = check.choice(from.cause(), EndCause::client_gone, "end cause");
  to.exit_code = from.exit_code();
  to.signal = check.range(from.signal(), 0, 127, "signal");
  to.tasks_failed = check.range(from.tasks_failed(), 0U, tasks_max, "failed tasks");
  to.usage = take(from.usage());
  to.detail = check.text(from.detail(), "detail");
  return check.done(std::move(to)).map_error([](const cox::Error& error) {
    return error.with_context("step result");
  });
}

void put(const cox::StepKey& from, StepKey* to) {
  to->set_job(from.job.value);
  to->set_attempt(from.attempt.value);
  to->set_step(from.step.value);
}

cox::StepKey take(const StepKey& from) {
  return {JobId(from.job()), Attempt(from.attempt()), StepId(from.step())};
}

void put(const cox::Error& from, Error* to) {
  to->set_code(static_cast<std::uint32_t>(from.code));
  to->set_message(clipped(from.message));
}

cox::Error take(const Error& from) {
  const bool known = from.code() >= static_cast<std::uint32_t>(Code::refused) &&
                     from.code() <= static_cast<std::uint32_t>(Code::storage_full);
  return {known ? static_cast<Code>(from.code()) : Code::internal, clipped(from.message())};
}

namespace {

void put(const cox::PartitionSettings& from, PartitionSettings* to) {
  to->set_name(from.name);
  to->set_nodes(from.nodes);
  to->set_is_default(from.is_default);
  to->set_default_time_us(from.default_time.us);
  to->set_max_time_us(from.max_time.us);
  to->set_max_nodes(from.max_nodes);
  to->set_tier(from.tier);
  to->set_cpu_is_thread(from.cpu_is_thread);
  to->set_whole_nodes(from.whole_nodes);
}

cox::PartitionSettings take(const PartitionSettings& from, Check& check) {
  cox::PartitionSettings to;
  to.name = check.text(from.name(), "partition name");
  // A compact list may name any part of a large fleet.
  to.nodes = check.text(from.nodes(), "partition nodes", argv_bytes_max);
  to.is_default = from.is_default();
  to.default_time.us =
      check.range<std::int64_t>(from.default_time_us(), 0, amount_max, "default_time");
  to.max_time.us = check.range<std::int64_t>(from.max_time_us(), 0, amount_max, "max_time");
  to.max_nodes = from.max_nodes();
  to.tier = from.tier();
  to.cpu_is_thread = from.cpu_is_thread();
  to.whole_nodes = from.whole_nodes();
  return to;
}

}  // namespace

void put(const cox::Settings& from, Settings* to) {
  to->set_cluster(from.cluster);
  to->set_auth(from.auth);
  to->set_select(from.select);
  to->set_priority(from.priority);
  to->set_lost_after_us(from.lost_after.us);
  to->set_silent_after_us(from.silent_after.us);
  to->set_kill_wait_us(from.kill_wait.us);
  to->set_back_off_us(from.back_off.us);
  to->set_fence_self(from.fence_self);
  to->set_history_keep_us(from.history_keep.us);
  to->set_history_jobs(from.history_jobs);
  to->set_jobs_per_user(from.jobs_per_user);
  to->clear_partitions();
  for (const auto& partition : from.partitions) put(partition, to->add_partitions());
}

Result<cox::Settings> take(const Settings& from) {
  Check check;
  cox::Settings to;
  const auto span = [&check](std::int64_t us, const char* what) {
    return cox::Duration{check.range<std::int64_t>(us, 0, amount_max, what)};
  };
  to.cluster = check.text(from.cluster(), "cluster name");
  to.auth = check.text(from.auth(), "auth");
  to.select = check.text(from.select(), "select");
  to.priority = check.text(from.priority(), "priority");
  to.lost_after = span(from.lost_after_us(), "lost_after");
  to.silent_after = span(from.silent_after_us(), "silent_after");
  to.kill_wait = span(from.kill_wait_us(), "kill_wait");
  if (from.has_back_off_us()) to.back_off = span(from.back_off_us(), "back_off");
  to.fence_self = from.fence_self();
  if (from.has_history_keep_us()) to.history_keep = span(from.history_keep_us(), "history_keep");
  if (from.has_history_jobs()) to.history_jobs = from.history_jobs();
  if (from.has_jobs_per_user()) to.jobs_per_user = from.jobs_per_user();
  to.partitions.clear();
  if (check.count(from.partitions_size(), names_max, "partitions")) {
    for (const auto& partition : from.partitions()) {
      to.partitions.push_back(take(partition, check));
    }
  }
  return check.done(std::move(to)).map_error([](const cox::Error& error) {
    return error.with_context("settings");
  });
}

}  // namespace cox::wire
