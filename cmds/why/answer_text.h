// The answer to `cox why` in words.
#pragma once

#include <string>

#include "wire/client.pb.h"

namespace cox::cmds {

/// `wants_suggestions`: say so when there are none.
std::string answer_text(const wire::Explanation& explanation, bool wants_suggestions);

}  // namespace cox::cmds
