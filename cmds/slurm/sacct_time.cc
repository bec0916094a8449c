// Puts Slurm's forms of dates into those that cox history reads.
#include "cmds/slurm/sacct_time.h"

#include <array>
#include <ctime>
#include <optional>
#include <string>

#include "cmds/history/past_time.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

Failure bad(std::string_view text) {
  return fail(Code::bad_usage, "Invalid time specification (" + quoted(text) + ")");
}

struct Unit {
  std::string_view name;
  std::int64_t seconds;
};

constexpr std::array units = {Unit{"second", 1}, Unit{"minute", 60}, Unit{"hour", 3600},
                              Unit{"day", 86'400}, Unit{"week", 604'800}};

/// "90", "1day", "2hours" in seconds.
std::optional<std::int64_t> span_seconds(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  const auto number = parse_u64(text.substr(0, digits));
  if (!number || *number > 1'000'000'000) return std::nullopt;
  if (digits == std::string_view::npos) return static_cast<std::int64_t>(*number);
  const std::string_view word = text.substr(digits);
  for (const Unit& unit : units) {
    if (word == unit.name ||
        (word.starts_with(unit.name) && word.substr(unit.name.size()) == "s")) {
      return static_cast<std::int64_t>(*number) * unit.seconds;
    }
  }
  return std::nullopt;
}

/// "MMDDYY", "MM/DD/YY" and "MM/DD" as "YYYY-MM-DD"; others as they are.
std::string iso_date(std::string_view text, Instant now) {
  std::string digits;
  for (const char c : text) {
    if (c == '/') continue;
    if (c < '0' || c > '9') return std::string(text);
    digits.push_back(c);
  }
  const bool is_short = text.size() == 5 && text[2] == '/';
  const bool is_long =
      digits.size() == 6 && (text.size() == 6 || (text.size() == 8 && text[2] == '/'));
  if (!is_short && !is_long) return std::string(text);
  const std::time_t seconds = now.us / 1'000'000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  const std::string year =
      is_short ? std::to_string(local.tm_year + 1900) : "20" + digits.substr(4, 2);
  return year + "-" + digits.substr(0, 2) + "-" + digits.substr(2, 2);
}

}  // namespace

Result<Instant> parse_sacct_time(std::string_view text, Instant now) {
  if (text == "midnight") text = "today";
  if (text.starts_with("now-") || text.starts_with("now+")) {
    const auto span = span_seconds(text.substr(4));
    if (!span) return bad(text);
    return now + seconds(text[3] == '-' ? -*span : *span);
  }
  const auto at = parse_past_time(iso_date(text, now), now);
  return at ? at : Result<Instant>(bad(text));
}

}  // namespace cox::cmds::slurm
