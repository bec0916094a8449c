// Texts of spans and instants. Every field is checked before it is multiplied, so that no input
// wraps round into "no limit".
#include "model/time.h"

#include <array>
#include <cstdio>
#include <optional>
#include <vector>

#include "common/text.h"

namespace cox {
namespace {

// Limits beyond a thousand years are typing errors.
constexpr std::uint64_t span_seconds_max = 1000ULL * 366 * 86400;

Failure bad_time(std::string_view text) {
  return fail(Code::bad_usage,
              "time \"" + quoted(text) +
                  "\" is none of MINUTES, M:S, H:M:S, D-H, D-H:M, D-H:M:S, UNLIMITED");
}

struct Field {
  std::string_view text;
  std::uint64_t unit_seconds;
};

std::optional<std::uint64_t> total_seconds(const std::vector<Field>& fields) {
  std::uint64_t sum = 0;
  for (const auto& field : fields) {
    if (field.text.empty() || field.text.find_first_not_of("0123456789") != field.text.npos) {
      return std::nullopt;
    }
    const auto value = parse_u64(field.text);
    if (!value || *value > span_seconds_max) {
      return std::nullopt;
    }
    sum += *value * field.unit_seconds;
    if (sum > span_seconds_max) {
      return std::nullopt;
    }
  }
  return sum;
}

// With days the first field is hours; without, one field is minutes, two are M:S.
std::optional<std::vector<Field>> fields_of(std::string_view text) {
  std::vector<Field> fields;
  const std::size_t dash = text.find('-');
  std::array<std::uint64_t, 3> units{3600, 60, 1};
  std::size_t first = 0;
  if (dash != std::string_view::npos) {
    fields.push_back({text.substr(0, dash), 86400});
    text = text.substr(dash + 1);
  }
  const auto parts = split(text, ':');
  if (parts.size() > 3) {
    return std::nullopt;
  }
  if (dash == std::string_view::npos && parts.size() < 3) {
    first = 1;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    fields.push_back({parts[i], units[first + i]});
  }
  return fields;
}

bool is_unlimited(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower == "unlimited" || lower == "infinite" || text == "-1";
}

void add_two_digits(std::int64_t number, std::string* to) {
  *to += static_cast<char>('0' + number / 10);
  *to += static_cast<char>('0' + number % 10);
}

}  // namespace

Result<Duration> parse_time_limit(std::string_view text) {
  if (is_unlimited(text)) {
    return duration_unlimited;
  }
  const auto fields = fields_of(text);
  const auto total = fields ? total_seconds(*fields) : std::nullopt;
  if (!total) {
    return bad_time(text);
  }
  // A limit of 0 asks for none; seconds round up to a minute.
  if (*total == 0) {
    return duration_unlimited;
  }
  return minutes(static_cast<std::int64_t>((*total + 59) / 60));
}

Result<Duration> parse_span(std::string_view text) {
  const auto refused = [text] {
    return fail(Code::bad_usage,
                "time \"" + quoted(text) +
                    "\" is no NUMBER followed by s, m, h or d, as in 90s or 5m, and "
                    "none of MINUTES, M:S, H:M:S, D-H, D-H:M, D-H:M:S");
  };
  if (text.empty()) return refused();
  constexpr std::string_view letters = "smhd";
  constexpr std::array<std::uint64_t, 4> units{1, 60, 3600, 86400};
  const std::size_t unit = letters.find(text.back());
  if (unit == std::string_view::npos) {
    const auto limit = parse_time_limit(text);
    return limit ? limit : refused();
  }
  const auto total = total_seconds({{text.substr(0, text.size() - 1), units[unit]}});
  if (!total) return refused();
  return seconds(static_cast<std::int64_t>(*total));
}

std::string to_text(Duration d) {
  if (d >= duration_unlimited) return "UNLIMITED";
  const std::int64_t total = d.us < 0 ? 0 : d.us / 1'000'000;
  const std::int64_t days = total / 86400;
  const std::int64_t hours = total / 3600 % 24;
  const std::int64_t mins = total / 60 % 60;
  std::string text = std::to_string(days > 0 ? days : hours > 0 ? hours : mins);
  if (days > 0) {
    text += '-';
    add_two_digits(hours, &text);
  }
  if (days > 0 || hours > 0) {
    text += ':';
    add_two_digits(mins, &text);
  }
  text += ':';
  add_two_digits(total % 60, &text);
  return text;
}

std::string to_utc_text(Instant t) {
  // Civil date from days since 1970 (Howard Hinnant, "chrono-compatible low-level date
  // algorithms").
  const std::int64_t total = t.us >= 0 ? t.us / 1'000'000 : 0;
  const std::int64_t z = total / 86400 + 719468;
  const std::int64_t era = z / 146097;
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t mp = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * mp + 2) / 5 + 1;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%06lldZ",
                static_cast<long long>(year), static_cast<long long>(month),
                static_cast<long long>(day), static_cast<long long>(total / 3600 % 24),
                static_cast<long long>(total / 60 % 60), static_cast<long long>(total % 60),
                static_cast<long long>(t.us >= 0 ? t.us % 1'000'000 : 0));
  return buffer.data();
}

}  // namespace cox
