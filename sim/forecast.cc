// See forecast.h.
#include "sim/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "config/config.h"
#include "platform/file.h"
#include "sim/progress_bar.h"

namespace cox::sim {
namespace {

constexpr std::size_t live_bytes_max = std::size_t{1} << 31;  // what Protobuf can read

std::string wait_text(const std::optional<Duration>& wait) {
  if (!wait.has_value()) return "-";
  return wait->us <= 0 ? "now" : cox::to_text(*wait);
}

/// "-1:00:00": so much sooner.
std::string difference_text(const ForecastLine& line) {
  if (!line.as_it_is.has_value() || !line.changed.has_value()) {
    return line.as_it_is.has_value() == line.changed.has_value() ? "0" : "-";
  }
  const std::int64_t us = line.changed->us - line.as_it_is->us;
  if (us == 0) return "0";
  return (us < 0 ? "-" : "+") + cox::to_text(Duration{us < 0 ? -us : us});
}

using Cells = std::vector<std::string>;

/// Columns two spaces apart; the first `texts` are left-aligned.
std::string aligned(const std::vector<Cells>& rows, std::size_t texts) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += i < texts ? fmt::format("{:<{}}", row[i], widths[i])
                        : fmt::format("{:>{}}", row[i], widths[i]);
      text += i + 1 == row.size() ? "\n" : "  ";
    }
  }
  return text;
}

Result<Settings> changed_settings(const Live& live, const Options& options) {
  const auto config =
      options.config.empty()
          ? config::parse(config::to_toml(live.settings), "the running configuration", options.set)
          : config::load(options.config, options.set);
  if (!config) return Failure(config.error());
  return config->settings;
}

Result<Forecast> foresee_shown(const Live& live, const Settings& settings, const Options& options) {
  const auto waiting = static_cast<std::size_t>(
      std::ranges::count_if(live.jobs, [](const LiveJob& job) { return job.shares.empty(); }));
  const ProgressBar bar(waiting, !options.json && ProgressBar::is_terminal());
  return foresee(live, settings, [&bar](std::size_t done) { bar.show(done); });
}

nlohmann::ordered_json seconds_of(const std::optional<Duration>& wait) {
  if (!wait.has_value()) return nullptr;
  return wait->us / 1'000'000;
}

}  // namespace

std::vector<ForecastLine> forecast_lines(const Live& live,
                                         const Forecast& as_it_is,
                                         const Forecast* changed) {
  const auto wait = [&live](Instant start) -> std::optional<Duration> {
    if (!start.is_set()) return std::nullopt;
    return start - live.now;
  };
  std::map<JobId, Instant> after;
  if (changed != nullptr) {
    for (const Foreseen& one : changed->jobs) after[one.job] = one.start;
  }
  std::vector<ForecastLine> lines;
  for (const Foreseen& one : as_it_is.jobs) {
    const auto job = std::ranges::lower_bound(live.jobs, one.job, {}, &LiveJob::id);
    ForecastLine& line = lines.emplace_back();
    line.job = job->name;
    line.name = job->request.name;
    line.user = job->request.common->user.name;
    line.as_it_is = wait(one.start);
    if (changed != nullptr) line.changed = wait(after[one.job]);
  }
  return lines;
}

std::string to_text(const std::vector<ForecastLine>& lines, bool has_change) {
  std::vector<Cells> rows = {{"JOB", "NAME", "USER", "STARTS IN"}};
  if (has_change) rows.front().insert(rows.front().end(), {"CHANGED", "DIFFERENCE"});
  for (const ForecastLine& line : lines) {
    Cells& row = rows.emplace_back(Cells{line.job, line.name, line.user, wait_text(line.as_it_is)});
    if (has_change) row.insert(row.end(), {wait_text(line.changed), difference_text(line)});
  }
  return aligned(rows, 3);
}

std::string to_json(const std::vector<ForecastLine>& lines,
                    Instant now,
                    bool has_change,
                    const std::vector<std::string>& left_out) {
  nlohmann::ordered_json document = {{"version", 1}, {"now", to_utc_text(now)}};
  auto& jobs = document["jobs"] = nlohmann::ordered_json::array();
  for (const ForecastLine& line : lines) {
    auto& job = jobs.emplace_back();
    job = {{"job", line.job}, {"name", line.name}, {"user", line.user}};
    job["starts_in_s"] = seconds_of(line.as_it_is);
    if (has_change) job["changed_starts_in_s"] = seconds_of(line.changed);
  }
  document["left_out"] = left_out;
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<void> forecast(const Options& options) {
  const auto bytes = platform::read_file(options.live, live_bytes_max);
  if (!bytes) return Failure(bytes.error());
  const auto live = read_live(*bytes);
  if (!live) return Failure(live.error());
  const bool has_change = !options.config.empty() || !options.set.empty();
  const auto as_it_is = foresee_shown(*live, live->settings, options);
  if (!as_it_is) return Failure(as_it_is.error());
  std::optional<Forecast> changed;
  if (has_change) {
    const auto settings = changed_settings(*live, options);
    if (!settings) return Failure(settings.error());
    auto made = foresee_shown(*live, *settings, options);
    if (!made) return Failure(made.error());
    changed = std::move(*made);
  }
  const auto lines = forecast_lines(*live, *as_it_is, changed ? &*changed : nullptr);
  for (const std::string& one : as_it_is->left_out) {
    std::fprintf(stderr, "coxsim: left out: %s\n", one.c_str());
  }
  if (lines.empty() && !options.json) std::fputs("coxsim: no job waits\n", stderr);
  const std::string text = options.json ? to_json(lines, live->now, has_change, as_it_is->left_out)
                                        : to_text(lines, has_change);
  std::fputs(lines.empty() && !options.json ? "" : text.c_str(), stdout);
  return {};
}

}  // namespace cox::sim
