// cox show step: all about one step of a job.
#pragma once

#include <string>

#include "cmds/client/parse.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// What stands after the dot in JOB.STEP.
std::string step_id(const wire::StepView& step);
/// "core", or "auto, not bound: why": of nodes that differ, each with its names.
std::string binding_text(const wire::StepView& step);
/// The text or the document of step `name`. error: bad_usage, or not_found with the steps there are
Result<std::string> show_step(const Parsed& given, const std::string& name);

}  // namespace cox::cmds
