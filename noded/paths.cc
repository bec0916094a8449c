// File names are numbers and dots only: nothing a user chose gets into a path of the daemon.
#include "noded/paths.h"

#include <limits>

#include "common/text.h"
#include "noded/stepd/begin_mark.h"

namespace cox::noded {
namespace {

template <class Id>
bool take_number(std::string_view text, Id* to) {
  const auto number = parse_u64(text);
  if (!number || *number > std::numeric_limits<decltype(to->value)>::max()) return false;
  // "007" would be a second name of 7.
  if (text.size() > 1 && text.front() == '0') return false;
  to->value = static_cast<decltype(to->value)>(*number);
  return true;
}

}  // namespace

std::string key_text(AttemptKey key) {
  return std::to_string(key.job.value) + "." + std::to_string(key.attempt.value);
}

std::string key_text(const StepKey& key) {
  return key_text(AttemptKey{key.job, key.attempt}) + "." + step_name(key.step);
}

std::string Paths::step_socket(const StepKey& key) const {
  return steps() + "/" + key_text(AttemptKey{key.job, key.attempt}) + "." +
         std::to_string(key.step.value);
}

std::string Paths::begin_mark(const StepKey& key) const {
  return stepd::begin_mark_of(step_socket(key));
}

std::string Paths::attempt_file(AttemptKey key) const {
  return attempts() + "/" + key_text(key);
}

std::string Paths::tmp(AttemptKey key) const {
  return tmps() + "/" + key_text(key);
}

std::optional<AttemptKey> parse_attempt_file_name(std::string_view name) {
  const auto parts = split(name, '.');
  AttemptKey key;
  if (parts.size() != 2 || !take_number(parts[0], &key.job)) return std::nullopt;
  if (!take_number(parts[1], &key.attempt)) return std::nullopt;
  return key;
}

std::optional<StepKey> parse_step_socket_name(std::string_view name) {
  const auto parts = split(name, '.');
  StepKey key;
  if (parts.size() != 3 || !take_number(parts[0], &key.job)) return std::nullopt;
  if (!take_number(parts[1], &key.attempt) || !take_number(parts[2], &key.step)) {
    return std::nullopt;
  }
  return key;
}

}  // namespace cox::noded
