// What a partition itself has against a start, whatever is free: it is gone or down, or grants less
// than the job asks for since the configuration changed.
#pragma once

#include <string>

#include "core/schedule/plan.h"

namespace cox::core {

/// `is_down`: of this partition. Reason::none when nothing is in the way.
Blocked gate(const PartitionSettings& partition, bool is_down, const JobRequest& request);
Blocked gate(const State& state, const std::string& partition, const JobRequest& request);

/// What the partition says: "is down since 2026-01-02T03:04:05Z: new switch (ada)".
std::string gate_text(const State& state,
                      const std::string& partition,
                      const JobRequest& request,
                      Reason closed);

/// The nearest of what closes the job's partitions; Reason::none when all are open.
Blocked closed_gates(const State& state, const JobRequest& request);

}  // namespace cox::core
