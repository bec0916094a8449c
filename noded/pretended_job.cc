// See pretended_job.h.
#include "noded/pretended_job.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "common/text.h"

namespace cox::noded {
namespace {

constexpr std::int64_t lasts_us_max = std::int64_t{366} * 86'400 * 1'000'000;

Failure bad_label(const std::string& key, const std::string& value, const std::string& why) {
  return fail(Code::bad_usage, "label " + key + "=" + quoted(value) + ": " + why);
}

Result<Duration> lasts_of(const std::string& key, const std::string& value) {
  using Unit = std::pair<std::string_view, std::int64_t>;
  constexpr std::array units{Unit{"ms", 1000}, Unit{"s", 1'000'000}, Unit{"m", 60'000'000},
                             Unit{"h", 3'600'000'000}, Unit{"d", 86'400'000'000}};
  for (const auto& [name, us] : units) {
    if (!value.ends_with(name)) continue;
    const auto number = parse_u64(std::string_view(value).substr(0, value.size() - name.size()));
    if (!number) continue;
    if (*number > static_cast<std::uint64_t>(lasts_us_max / us)) {
      return bad_label(key, value, "more than 366 days");
    }
    return microseconds(static_cast<std::int64_t>(*number) * us);
  }
  return bad_label(key, value, "a number and ms, s, m, h or d are expected, as in 1500ms");
}

Result<PretendedFailure> failure_of(const std::string& key, const std::string& value) {
  using Phase = std::pair<std::string_view, PretendedFailure>;
  constexpr std::array phases{
      Phase{"node", PretendedFailure::node}, Phase{"prepare", PretendedFailure::prepare},
      Phase{"start", PretendedFailure::start}, Phase{"run", PretendedFailure::run},
      Phase{"end", PretendedFailure::end}};
  const std::string_view name = std::string_view(value).substr(0, value.find('@'));
  const auto found = std::ranges::find(phases, name, &Phase::first);
  if (found != phases.end()) return found->second;
  return bad_label(key, value,
                   "node, prepare, start, run or end is expected, with or without @NODE");
}

bool is_meant(const std::string& value, const std::string& node) {
  const std::size_t at = value.find('@');
  return at == std::string::npos || value.substr(at + 1) == node;
}

}  // namespace

Result<PretendedJob> pretended_job(const std::map<std::string, std::string>& labels,
                                   const std::string& node) {
  PretendedJob job;
  for (const auto& [key, value] : labels) {
    if (!key.starts_with("pretend.")) continue;
    if (key == "pretend.lasts") {
      const auto lasts = lasts_of(key, value);
      if (!lasts) return Failure(lasts.error());
      job.lasts = *lasts;
    } else if (key == "pretend.exits") {
      const auto code = parse_u64(value);
      if (!code || *code > 255) return bad_label(key, value, "a number from 0 to 255 is expected");
      job.exit_code = static_cast<std::int32_t>(*code);
    } else if (key == "pretend.fails") {
      const auto failure = failure_of(key, value);
      if (!failure) return Failure(failure.error());
      if (is_meant(value, node)) job.failure = *failure;
    } else {
      return bad_label(key, value, "pretend.lasts, pretend.exits or pretend.fails is expected");
    }
  }
  return job;
}

}  // namespace cox::noded
