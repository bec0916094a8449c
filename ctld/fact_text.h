// Facts that belong into the log, as sentences.
#pragma once

#include <string>

#include "core/fact.h"
#include "core/state.h"

namespace cox::ctld {

/// Empty for everyday facts: those of jobs are in the journal. `fact` is already evolved.
std::string log_text(const core::State& state, const core::Fact& fact);

}  // namespace cox::ctld
