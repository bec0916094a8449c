// What each user of each account has used: charged per node share, decayed with a half-life.
#pragma once

#include <cstdint>

#include "core/fact.h"
#include "core/state.h"

namespace cox::core {

/// Whose usage a job adds to. Without configured accounts each user stands alone, whatever account
/// jobs name.
Association association_of(const Settings& settings, const JobRequest& request);

/// Thousandths of a core that are charged for a share, by the charge_* keys of the settings.
std::uint64_t charged_for(const PrioritySettings& terms, const NodeShare& share);

/// The job's association is known from now on.
void note_association(State& state, const JobRequest& request);
/// `share` of `job` is given back at `at`: what was not charged yet is kept for the next charge.
void count_share(State& state, const Job& job, const NodeShare& share, Instant at);
void evolve_one(State& state, const UsageCharged& fact);

/// A charge is due: something ran since the last one, and the period is over.
bool is_charge_due(const State& state, Instant now);

}  // namespace cox::core
