// See ending_setters.h.
#include "cmds/client/ending_setters.h"

#include "cmds/client/begin_time.h"
#include "cmds/client/signal_name.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

constexpr std::uint64_t seconds_max = 31'536'000;
constexpr std::uint64_t retries_max = 1000;
constexpr std::uint64_t exit_code_max = 255;

Failure bad(const Given& given, const std::string& why) {
  return fail(Code::bad_usage, given.option() + " " + quoted(given.value) + ": " + why);
}

/// "75" or "100-110".
Result<ExitRange> read_codes(const Given& given, std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_u64(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_u64(text.substr(dash + 1));
  if (!first || !last || *first == 0 || *last < *first || *last > exit_code_max) {
    return bad(given, quoted(text) + " is no exit code from 1 to 255, nor a range of them");
  }
  return ExitRange{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
}

}  // namespace

Result<bool> yes_or_no(const Given& given) {
  if (given.value == "yes") return true;
  if (given.value == "no") return false;
  return bad(given, "yes or no is expected");
}

Result<void> set_dependency(const Given& given, RequestDraft& draft) {
  auto dependency = parse_dependency(given.value);
  if (!dependency) return Failure(dependency.error().with_context(given.option()));
  draft.job.terms.edit().dependency = std::move(*dependency);
  return {};
}

Result<void> set_kill_on_invalid(const Given& given, RequestDraft& draft) {
  const auto kill = yes_or_no(given);
  if (!kill) return Failure(kill.error());
  draft.job.terms.edit().keep_when_never = !*kill;
  return {};
}

Result<void> set_deadline(const Given& given, RequestDraft& draft) {
  const auto deadline = parse_begin_time(given.value, given.now);
  if (!deadline) return Failure(deadline.error().with_context(given.option()));
  // 0 is "none" on the wire; what is as old is over all the same.
  if (*deadline <= Instant{0}) return bad(given, "is over");
  draft.job.terms.edit().deadline = *deadline;
  return {};
}

Result<void> set_signal(const Given& given, RequestDraft& draft) {
  std::string_view text = given.value;
  EarlySignal early;
  early.before = seconds(60);
  if (text.size() > 1 && text[1] == ':') {
    if (text[0] != 'B') return bad(given, "only B: may stand before the signal");
    early.batch_only = true;
    text.remove_prefix(2);
  }
  const std::size_t at = text.find('@');
  const auto signal = parse_signal(text.substr(0, at));
  if (!signal) return Failure(signal.error().with_context(given.option()));
  early.signal = *signal;
  if (at != std::string_view::npos) {
    const auto before = parse_u64(text.substr(at + 1));
    if (!before || *before > seconds_max) return bad(given, "no seconds after the @");
    early.before = seconds(static_cast<std::int64_t>(*before));
  }
  draft.job.common.edit().early_signal = early;
  return {};
}

Result<void> set_retry(const Given& given, RequestDraft& draft) {
  const std::string_view text = given.value;
  const std::size_t colon = text.find(':');
  const auto times = parse_u64(text.substr(0, colon));
  if (!times || *times > retries_max) return bad(given, "a number of times up to 1000 is expected");
  Retry retry{static_cast<std::uint32_t>(*times), {}};
  if (colon != std::string_view::npos) {
    for (const std::string_view codes : split(text.substr(colon + 1), ',')) {
      const auto range = read_codes(given, codes);
      if (!range) return Failure(range.error());
      retry.codes.push_back(*range);
    }
  }
  draft.job.common.edit().retry = std::move(retry);
  return {};
}

}  // namespace cox::cmds
