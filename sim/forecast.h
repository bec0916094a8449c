// What a change of the configuration would do to the queue of a running cluster, for people and for
// programs: when each job that waits would start, as things are and with the change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "sim/foresight.h"
#include "sim/live.h"
#include "sim/options.h"

namespace cox::sim {

/// A job that waits, and from now on how long; unset: its start is not in sight.
struct ForecastLine {
  std::string job, name, user;
  std::optional<Duration> as_it_is;
  std::optional<Duration> changed;
};

/// `changed` null: nothing would be changed.
std::vector<ForecastLine> forecast_lines(const Live& live,
                                         const Forecast& as_it_is,
                                         const Forecast* changed);
std::string to_text(const std::vector<ForecastLine>& lines, bool has_change);
std::string to_json(const std::vector<ForecastLine>& lines,
                    Instant now,
                    bool has_change,
                    const std::vector<std::string>& left_out);

/// What `options.live` is asked for, printed. error: bad_usage, or what of it cannot be
Result<void> forecast(const Options& options);

}  // namespace cox::sim
