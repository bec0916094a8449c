// Facts that follow once the last node has answered: asked after each report and registration.
#pragma once

#include <optional>

#include "core/job/endings.h"
#include "core/scene.h"

namespace cox::core {

/// JobReleased when every node of a starting gang has prepared; else nothing.
Facts release_when_prepared(const Scene& scene, const Job& job);
/// StepReleased when every node of a later step has prepared; else nothing.
Facts release_step_when_prepared(const Scene& scene, const Job& job, const Step& step);
/// StepEnded when every node of the step has reported its end, with it the end of an attempt whose
/// initial step this is. A node of the step that holds no share any more is not waited for.
void end_step_when_reported(const Scene& scene, Endings& endings, const Job& job, const Step& step);

/// One lost supervisor ends its step everywhere.
bool is_lost(const StepResult& result);

struct StepLoss {
  NodeId node;
  EndCause cause = EndCause::none;
};

/// The lowest of the nodes that told of a supervisor they lost; nothing: none did.
std::optional<StepLoss> loss_of(const Contact& contact, const StepKey& key);

}  // namespace cox::core
