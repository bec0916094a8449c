// Rows of history.db out of State: a fact alone does not carry what a row needs.
#pragma once

#include <cstdint>

#include "core/fact.h"
#include "core/state.h"
#include "ctld/store/history.h"

namespace cox::ctld {

/// Adds the rows that `fact`, number `sequence`, makes. `state` is that before the fact: what a
/// requeue or a rolled back start forgets is still there.
void add_history_rows(const core::State& state,
                      const core::Fact& fact,
                      std::uint64_t sequence,
                      HistoryRows* to);

/// What kind of failure an end is: "none", "program", "time_limit", "memory", "node",
/// "supervisor", "launch", "cancelled", "requeued", "client".
std::string_view failure_class(EndCause cause, bool has_failed);

}  // namespace cox::ctld
