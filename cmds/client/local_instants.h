// The controller's sentences name instants in UTC; people read them in the time of their place, as
// in every list.
#pragma once

#include <string>

namespace cox::cmds {

/// "2031-05-01T17:30:00.000000Z" of the text as the local time: "2031-05-01T19:30:00".
std::string with_local_instants(const std::string& text);

}  // namespace cox::cmds
