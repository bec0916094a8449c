// Small values of the vocabulary as bytes: hashes, keys, errors, usage, results.
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
  to.cause = check.choice(from.cause(), EndCause::deadline, "end cause");
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

}  // namespace cox::wire
