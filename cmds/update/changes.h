// KEY=VALUE words of `cox update` as a message. Keys are the long options of `cox submit`, and
// their values are read by the same rules.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "model/time.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// The keys that there are, in order.
std::vector<std::string> update_keys();
/// error: bad_usage names the key, with the nearest right one, or the value
Result<void> add_change(const std::string& word, Instant now, wire::JobChanges* to);

}  // namespace cox::cmds
