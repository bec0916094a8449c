// Points and spans of time as the journal keeps them, and the texts people write for spans.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox {

struct Duration {
  std::int64_t us = 0;
  friend constexpr auto operator<=>(const Duration&, const Duration&) = default;
};

/// µs since 1970 UTC. Instant{0} means "none".
struct Instant {
  std::int64_t us = 0;

  bool is_set() const { return us != 0; }

  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
};

constexpr Duration microseconds(std::int64_t n) {
  return Duration{n};
}

constexpr Duration milliseconds(std::int64_t n) {
  return Duration{n * 1000};
}

constexpr Duration seconds(std::int64_t n) {
  return Duration{n * 1'000'000};
}

constexpr Duration minutes(std::int64_t n) {
  return Duration{n * 60'000'000};
}

/// No limit. Far enough for any plan and small enough to be added to an Instant.
inline constexpr Duration duration_unlimited{std::int64_t{1} << 61};

constexpr Instant operator+(Instant t, Duration d) {
  return Instant{t.us + d.us};
}

constexpr Instant operator-(Instant t, Duration d) {
  return Instant{t.us - d.us};
}

constexpr Duration operator-(Instant a, Instant b) {
  return Duration{a.us - b.us};
}

constexpr Duration operator+(Duration a, Duration b) {
  return Duration{a.us + b.us};
}

/// `minutes`, `M:S`, `H:M:S`, `D-H`, `D-H:M`, `D-H:M:S`, UNLIMITED, INFINITE. Fields may exceed
/// their range; seconds round up to a minute. error: bad_usage names the text.
Result<Duration> parse_time_limit(std::string_view text);
/// Configuration spans: "5m", "60s", "2h", "7d", or a time limit's form.
Result<Duration> parse_span(std::string_view text);

/// "M:SS" under an hour, "H:MM:SS" under a day, else "D-HH:MM:SS"; UNLIMITED.
std::string to_text(Duration d);
/// Local time YYYY-MM-DDTHH:MM:SS is the commands' business; this is UTC with a Z, for records.
std::string to_utc_text(Instant t);

}  // namespace cox
