// Refusals in the words of who is refused: the controller knows devices per node, whichever option
// they were asked for with.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cmds/client/request_options.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// What the controller says, and what was typed.
using Wording = std::vector<std::pair<std::string, std::string>>;

Wording wording_of(const RequestDraft& draft);
Error reworded(Error error, const Wording& wording);
/// Why a job waits, for standard error; empty while it does not, or no pass has looked at it yet.
std::string wait_text(const wire::JobView& job);
/// Of a submit that was sent and has no answer: whoever submits again might run the job twice.
Error unanswered(Error error);

}  // namespace cox::cmds
