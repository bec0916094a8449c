// Reads begin times; the calendar is the system's (mktime), so that daylight saving is right.
#include "cmds/client/begin_time.h"

#include <ctime>
#include <optional>
#include <string>

#include "common/text.h"

namespace cox::cmds {
namespace {

constexpr std::int64_t us_per_second = 1'000'000;

Failure malformed(std::string_view text) {
  return fail(Code::bad_usage,
              quoted(text) + ": no time (now+90, now+2hours, 17:30, 2031-05-01T08:00)");
}

std::optional<std::int64_t> unit_seconds(std::string_view unit) {
  if (unit.size() > 1 && unit.back() == 's') unit.remove_suffix(1);
  if (unit.empty() || unit == "s" || unit == "second") return 1;
  if (unit == "minute" || unit == "m" || unit == "min") return 60;
  if (unit == "hour" || unit == "h") return 3600;
  if (unit == "day" || unit == "d") return 86'400;
  if (unit == "week" || unit == "w") return 604'800;
  return std::nullopt;
}

/// "N" or "Nunit" behind "now+".
std::optional<std::int64_t> span_seconds(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const auto amount = parse_u64(text.substr(0, digits));
  const auto unit = unit_seconds(text.substr(digits));
  // As far as dates reach: to the year 9999, and in microseconds still inside 64 bits.
  constexpr std::int64_t seconds_max = std::int64_t{8000} * 366 * 86'400;
  if (!amount || !unit || *amount > static_cast<std::uint64_t>(seconds_max / *unit)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*amount) * *unit;
}

std::optional<int> field(std::string_view text, int minimum, int maximum) {
  const auto number = parse_u64(text);
  if (!number || text.size() > 4 || static_cast<int>(*number) < minimum ||
      static_cast<int>(*number) > maximum) {
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

bool take_clock(std::string_view text, std::tm* at) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return false;
  const auto hour = field(parts[0], 0, 23);
  const auto minute = field(parts[1], 0, 59);
  const auto second = parts.size() == 3 ? field(parts[2], 0, 59) : std::optional<int>(0);
  if (!hour || !minute || !second) return false;
  at->tm_hour = *hour;
  at->tm_min = *minute;
  at->tm_sec = *second;
  return true;
}

bool take_date(std::string_view text, std::tm* at) {
  const auto parts = split(text, '-');
  if (parts.size() != 3) return false;
  const auto year = field(parts[0], 1970, 9999);
  const auto month = field(parts[1], 1, 12);
  const auto day = field(parts[2], 1, 31);
  if (!year || !month || !day) return false;
  at->tm_year = *year - 1900;
  at->tm_mon = *month - 1;
  at->tm_mday = *day;
  return true;
}

Instant to_instant(std::tm at) {
  at.tm_isdst = -1;
  return Instant{std::mktime(&at) * us_per_second};
}

/// Words and clock times: today, or tomorrow when that is past.
std::optional<Instant> time_of_day(std::string_view text, std::tm today, Instant now) {
  today.tm_sec = today.tm_min = today.tm_hour = 0;
  if (text == "today") return now;
  if (text == "tomorrow" || text == "midnight") {
    today.tm_mday += 1;
    return to_instant(today);
  }
  if (text == "noon") {
    today.tm_hour = 12;
  } else if (!take_clock(text, &today)) {
    return std::nullopt;
  }
  if (to_instant(today) < now) today.tm_mday += 1;
  return to_instant(today);
}

}  // namespace

Result<Instant> parse_begin_time(std::string_view text, Instant now) {
  if (text == "now") return now;
  if (text.starts_with("now+")) {
    const auto span = span_seconds(text.substr(4));
    if (!span) return malformed(text);
    return now + seconds(*span);
  }
  const std::time_t now_seconds = now.us / us_per_second;
  std::tm local{};
  localtime_r(&now_seconds, &local);
  if (const auto at = time_of_day(text, local, now)) return *at;
  std::tm at{};
  const std::size_t t = text.find_first_of("T ");
  if (!take_date(text.substr(0, t), &at)) return malformed(text);
  if (t != std::string_view::npos && !take_clock(text.substr(t + 1), &at)) return malformed(text);
  const int day = at.tm_mday;
  std::tm normal = at;
  normal.tm_isdst = -1;
  std::mktime(&normal);
  if (normal.tm_mday != day) return malformed(text);  // the 31st of a month of 30 days
  return to_instant(at);
}

}  // namespace cox::cmds
