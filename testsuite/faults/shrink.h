// From a failing run to a smaller one that fails too: fewer kinds of faults, fewer jobs, less time.
#pragma once

#include <cstdint>
#include <string>

#include "testsuite/faults/simulation.h"

namespace cox::faults {

struct Totals {
  std::uint64_t facts = 0;
  std::uint64_t trace = 0;
};

/// Runs the scenario plain and with the plan dropped. Empty when every promise was kept.
std::string complaint_of(const Scenario& scenario, Totals* totals);

/// `failing` with whatever it does not need left out. Each step tries again, so that a smaller run
/// may fail in another way; that is as good a beginning.
Scenario shrink(const Scenario& failing);

/// What reproduces the run: "--seed 7 --off twin --jobs 5".
std::string arguments_of(const Scenario& scenario);

}  // namespace cox::faults
