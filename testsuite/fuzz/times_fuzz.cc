// Time limits, spans and begin times: no text wraps round into another time.
#include "cmds/client/begin_time.h"
#include "model/time.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

namespace {

constexpr Instant now{1'700'000'000'000'000};

void check_limit(std::string_view text) {
  const auto limit = parse_time_limit(text);
  if (!limit) return fuzz::require_names(limit.error(), text);
  require(limit->us > 0 && *limit <= duration_unlimited, "a limit out of bounds");
  require(limit->us % minutes(1).us == 0 || *limit == duration_unlimited, "no whole minutes");
  require(parse_time_limit(to_text(*limit)) == *limit, "a printed limit reads as another");
}

void check_span(std::string_view text) {
  const auto span = parse_span(text);
  if (!span) return fuzz::require_names(span.error(), text);
  require(span->us >= 0 && *span <= duration_unlimited, "a span out of bounds");
}

void check_begin(std::string_view text) {
  const auto begin = cmds::parse_begin_time(text, now);
  if (!begin) return fuzz::require_names(begin.error(), text);
  require(begin->us >= 0 && begin->us < duration_unlimited.us, "a begin out of bounds");
  require(to_utc_text(*begin).size() < 64, "an instant that cannot be printed");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_limit(text);
  check_span(text);
  check_begin(text);
  return 0;
}
