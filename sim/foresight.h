// What would become of a running cluster's queue: its nodes and jobs in the production core, under
// a virtual clock from that moment on. Every job runs to its limit, and nobody submits any more.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/result.h"
#include "core/schedule/plan.h"
#include "model/settings.h"
#include "sim/live.h"

namespace cox::sim {

/// Of one waiting job; of an array the first of its waiting elements to start.
struct Foreseen {
  JobId job;
  Instant start;  // unset: not in sight
};

struct Forecast {
  std::vector<Foreseen> jobs;           // that waited, by id
  std::vector<std::string> left_out{};  // what could not be taken over, and why
};

/// Called with the number of jobs whose start is known.
using Progress = std::function<void(std::size_t)>;

/// `settings`: in force from the first moment, instead of those that are. error: what the core says
Result<Forecast> foresee(const Live& live, const Settings& settings, const Progress& progress = {});

}  // namespace cox::sim
