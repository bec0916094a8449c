// See leaf_limit.h.
#include "model/leaf_limit.h"

#include "common/text.h"

namespace cox {

Result<LeafLimit> parse_leaf_limit(std::string_view text) {
  const std::size_t at = text.find('@');
  const auto count = parse_u64(text.substr(0, at));
  if (!count || *count > leaves_max) {
    return fail(Code::bad_usage, "--switches " + quoted(std::string(text)) +
                                     ": a number of switches up to " + std::to_string(leaves_max) +
                                     " is expected, or NUMBER@TIME");
  }
  LeafLimit limit;
  limit.count = static_cast<std::uint32_t>(*count);
  if (at == std::string_view::npos) return limit;
  const std::string_view time = text.substr(at + 1);
  // As a limit of time 0 would be none at all.
  const auto wait = time == "0" ? Result<Duration>(Duration{}) : parse_span(time);
  if (!wait) return Failure(wait.error().with_context("--switches " + quoted(std::string(text))));
  limit.wait = *wait;
  return limit;
}

std::string leaf_limit_text(const LeafLimit& limit) {
  if (limit.count == 0) return "";
  const std::string count = std::to_string(limit.count);
  return limit.wait >= duration_unlimited ? count : count + "@" + to_text(limit.wait);
}

}  // namespace cox
