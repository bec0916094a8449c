// Which row of a partition runs next, and which jobs move to an earlier row.
// Spec: docs/adr/0031-time-slices.md
#pragma once

#include "core/scene.h"

namespace cox::core {

/// A job fits in an earlier row, or nobody of the row that runs wants to: settle_rows() has facts.
bool has_rows_unsettled(const State& state);
/// The first thing to do about that.
Facts settle_rows(const Scene& scene);
/// Turns that are over, where another row waits for its own.
Facts turn_rows(const Scene& scene);

}  // namespace cox::core
