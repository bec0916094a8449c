// What a job waits for, and its manners at the end, as bytes.
#include "wire/terms_codec.h"

#include <string>
#include <utility>
#include <vector>

#include "common/text.h"
#include "model/selector.h"

namespace cox::wire {
namespace {

// A reference takes up to 20 digits, an index, a delay and what joins them.
constexpr std::size_t dependency_bytes_max = 48 * dependency_jobs_max;
constexpr int exit_ranges_max = 256;
constexpr std::uint32_t exit_code_max = 255;
constexpr std::uint32_t signal_max = 64;
constexpr std::uint32_t retries_max = 1000;

}  // namespace

void put_terms(const cox::JobTerms& from, JobRequest* to) {
  if (!from.dependency.terms.empty()) to->set_dependency(dependency_text(from.dependency));
  to->set_keep_when_never(from.keep_when_never);
  to->set_deadline_us(from.deadline.us);
  for (const cox::PastJob& past : from.past) {
    auto* message = to->add_past();
    message->set_job(past.job.value);
    if (past.index) message->set_index(*past.index);
    message->set_begun_us(past.begun.us);
    message->set_ended_us(past.ended.us);
    message->set_state(static_cast<std::uint32_t>(past.state));
    message->set_exit_code(past.exit_code);
    message->set_signal(past.signal);
    message->set_why(past.why);
  }
}

cox::JobTerms take_terms(const JobRequest& from, Check& check) {
  cox::JobTerms to;
  const std::string text = check.text(from.dependency(), "dependency", dependency_bytes_max);
  if (!text.empty()) to.dependency = check.take(parse_dependency(text), "dependency");
  to.keep_when_never = from.keep_when_never();
  to.deadline.us = check.range<std::int64_t>(from.deadline_us(), 0, amount_max, "deadline");
  // Of each job that is named, and of each element of the one that it corresponds to.
  if (!check.count(from.past_size(), 2 * static_cast<int>(dependency_jobs_max), "jobs")) return to;
  for (const PastJob& past : from.past()) {
    cox::PastJob& made = to.past.emplace_back();
    made.job = JobId{past.job()};
    if (past.has_index()) made.index = past.index();
    made.begun.us = past.begun_us();
    made.ended.us = past.ended_us();
    made.state = check.choice(past.state(), JobState::deadline, "state");
    made.exit_code = past.exit_code();
    made.signal = past.signal();
    made.why = check.text(past.why(), "reason");
  }
  return to;
}

bool has_terms(const JobRequest& from) {
  return !from.dependency().empty() || from.keep_when_never() || from.deadline_us() != 0 ||
         from.past_size() != 0;
}

void put_wishes(const cox::JobCommon& from, JobRequest* to) {
  to->clear_constraint();
  to->clear_prefer();
  to->clear_licenses();
  to->clear_switches();
  to->clear_switches_wait_us();
  to->clear_switches_over();
  if (from.wishes.is_blank()) return;
  to->set_constraint(from.wishes->constraint.text());
  to->set_prefer(from.wishes->prefer);
  for (const cox::LicenseRequest& one : from.wishes->licenses) {
    auto* message = to->add_licenses();
    message->set_name(one.name);
    message->set_count(one.count);
  }
  const LeafLimit& switches = from.wishes->switches;
  if (switches.count == 0) return;
  to->set_switches(switches.count);
  to->set_switches_wait_us(switches.wait.us);
  to->set_switches_over(switches.is_over);
}

namespace {

LeafLimit take_switches(const JobRequest& from, Check& check) {
  if (from.switches() == 0) return {};
  if (from.switches() > leaves_max) {
    check.refuse(std::to_string(from.switches()) + " switches: at most " +
                 std::to_string(leaves_max));
  }
  if (from.switches_wait_us() < 0) {
    check.refuse("wait for switches of " + std::to_string(from.switches_wait_us()) + " us");
  }
  return {from.switches(), std::min(Duration{from.switches_wait_us()}, duration_unlimited),
          from.switches_over()};
}

}  // namespace

void take_wishes(const JobRequest& from, cox::JobCommon& to, Check& check) {
  if (from.constraint().empty() && from.prefer().empty() && from.licenses().empty() &&
      from.switches() == 0) {
    return;
  }
  cox::JobWishes made;
  made.constraint =
      check.take(Constraint::parse(check.text(from.constraint(), "constraint", selector_bytes_max)),
                 "constraint");
  made.prefer = check.text(from.prefer(), "preference", selector_bytes_max);
  static_cast<void>(check.take(Selector::parse(made.prefer), "preference"));
  if (!check.count(from.licenses_size(), static_cast<int>(license_kinds_max), "licenses")) return;
  std::vector<std::string> words;
  for (const LicenseRequest& one : from.licenses()) {
    words.push_back(check.text(one.name(), "license name") + ":" + std::to_string(one.count()));
  }
  made.licenses = check.take(parse_licenses(join(words, ",")), "licenses");
  made.switches = take_switches(from, check);
  if (made != cox::JobWishes{}) to.wishes = Cow<cox::JobWishes>(std::move(made));
}

void put_manners(const cox::JobCommon& from, JobRequest* to) {
  to->set_signal(static_cast<std::uint32_t>(from.early_signal.signal));
  to->set_signal_before_us(from.early_signal.before.us);
  to->set_signal_batch(from.early_signal.batch_only);
  to->set_retry_times(from.retry.times);
  to->clear_retry_codes();
  for (const cox::ExitRange& codes : from.retry.codes) {
    auto* message = to->add_retry_codes();
    message->set_first(codes.first);
    message->set_last(codes.last);
  }
}

void take_manners(const JobRequest& from, cox::JobCommon& to, Check& check) {
  to.early_signal.signal =
      static_cast<std::int32_t>(check.range(from.signal(), 0U, signal_max, "signal"));
  to.early_signal.before.us =
      check.range<std::int64_t>(from.signal_before_us(), 0, amount_max, "time before the limit");
  to.early_signal.batch_only = from.signal_batch();
  to.retry.times = check.range(from.retry_times(), 0U, retries_max, "retries");
  if (!check.count(from.retry_codes_size(), exit_ranges_max, "ranges of exit codes")) return;
  for (const auto& codes : from.retry_codes()) {
    const auto first = check.range(codes.first(), 1U, exit_code_max, "exit code");
    to.retry.codes.push_back({first, check.range(codes.last(), first, exit_code_max, "exit code")});
  }
}

}  // namespace cox::wire
