// Greedy: one kind after the other, then jobs and time by halves.
#include "testsuite/faults/shrink.h"

namespace cox::faults {
namespace {

bool fails(const Scenario& scenario) {
  return !complaint_of(scenario, nullptr).empty();
}

}  // namespace

std::string complaint_of(const Scenario& scenario, Totals* totals) {
  const auto plain = Simulation(scenario).run();
  if (totals != nullptr) {
    totals->facts += plain.facts;
    totals->trace ^= plain.trace;
  }
  if (!plain.complaint.empty()) return plain.complaint;
  Scenario dropped = scenario;
  dropped.drop_plan = true;
  const auto again = Simulation(dropped).run();
  if (!again.complaint.empty()) return "with the plan dropped: " + again.complaint;
  return again.trace == plain.trace ? "" : "dropping the plan changed the trace";
}

Scenario shrink(const Scenario& failing) {
  Scenario best = failing;
  for (std::size_t i = 0; i < kinds_count; ++i) {
    const auto kind = static_cast<Kind>(i);
    if (!kinds_of(best).has(kind)) continue;
    Scenario smaller = best;
    smaller.off.add(kind);
    if (fails(smaller)) best = smaller;
  }
  for (Scenario smaller = best; smaller.jobs > 1; best = smaller) {
    smaller.jobs /= 2;
    if (!fails(smaller)) break;
  }
  for (Scenario smaller = best; smaller.chaos > seconds(1); best = smaller) {
    smaller.chaos = seconds(smaller.chaos.us / 2'000'000);
    if (!fails(smaller)) break;
  }
  return best;
}

std::string arguments_of(const Scenario& scenario) {
  const Scenario plain;
  std::string text = "--seed " + std::to_string(scenario.seed);
  if (!scenario.off.empty()) text += " --off " + scenario.off.text();
  if (scenario.jobs != plain.jobs) text += " --jobs " + std::to_string(scenario.jobs);
  if (scenario.chaos != plain.chaos) {
    text += " --seconds " + std::to_string(scenario.chaos.us / 1'000'000);
  }
  return text;
}

}  // namespace cox::faults
