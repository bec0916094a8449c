// Who gets a signal of `cox cancel --signal`.
#pragma once

#include <vector>

#include "common/result.h"
#include "core/contact.h"
#include "core/effect.h"
#include "core/request.h"
#include "core/scene.h"

namespace cox::core {

/// Where the signal goes: steps that run, on all of their nodes.
/// error: not_found, not_permitted; refused where nothing of what was named runs, or a node of it
/// cannot be told now: then nobody gets it
Result<std::vector<SendSignal>> signals_for(const Scene& scene, const SignalJob& ask);

/// A KILL of a whole job is its cancel.
bool is_cancel(const SignalJob& ask);

/// What such a KILL sends to jobs that are ending already, whose tasks would have more time: to all
/// that still runs, wherever its node is connected.
std::vector<SendSignal> kills_for(const Scene& scene, const SignalJob& ask);

}  // namespace cox::core
