// Facts that follow once the last node has answered: asked after each report and registration.
#pragma once

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

}  // namespace cox::core
