// Reads times that have passed; the calendar is the system's, as for begin times.
#include "cmds/history/past_time.h"

#include <ctime>
#include <optional>
#include <string>

#include "cmds/client/begin_time.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

constexpr std::uint64_t amount_max = 1'000'000'000;

/// The midnight that began the day `days_back` before that of `now`.
Instant midnight(Instant now, int days_back) {
  const std::time_t at = now.us / 1'000'000;
  std::tm local{};
  ::localtime_r(&at, &local);
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_mday -= days_back;
  local.tm_isdst = -1;
  return Instant{std::mktime(&local) * 1'000'000};
}

std::optional<Duration> span(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto amount = parse_u64(text.substr(0, text.size() - 1));
  if (!amount || *amount > amount_max) return std::nullopt;
  const auto count = static_cast<std::int64_t>(*amount);
  switch (text.back()) {
    case 's':
      return seconds(count);
    case 'm':
      return minutes(count);
    case 'h':
      return minutes(60 * count);
    case 'd':
      return minutes(24 * 60 * count);
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<Instant> parse_past_time(std::string_view text, Instant now) {
  if (text == "now") return now;
  if (text == "today") return midnight(now, 0);
  if (text == "yesterday") return midnight(now, 1);
  if (const auto back = span(text)) return now - *back;
  const bool is_clock_or_date =
      text.find(':') != std::string_view::npos || text.find('-') != std::string_view::npos;
  // A clock time is read from the day's beginning on, so that it is never tomorrow's.
  if (is_clock_or_date) {
    if (const auto at = parse_begin_time(text, midnight(now, 0) - microseconds(1))) return *at;
  }
  return fail(
      Code::bad_usage,
      quoted(text) + ": no time (2031-05-01, 2031-05-01T08:00, 17:30, today, yesterday, 12h)");
}

}  // namespace cox::cmds
