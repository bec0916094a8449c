// What a pretended node makes of a job: how long it lasts, how it exits and where it fails, as its
// labels say. Nothing of it runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/result.h"
#include "model/time.h"

namespace cox::noded {

/// Where a pretended job fails.
enum class PretendedFailure : std::uint8_t {
  none,
  node,     // the node cannot prepare it, and says so
  prepare,  // its own fault: its supervisor cannot prepare it
  start,    // its program cannot be started
  run,      // its supervisor is lost when its time is over
  end,      // it survives all but SIGKILL
};

struct PretendedJob {
  Duration lasts;  // 0: it ends at once
  std::int32_t exit_code = 0;
  PretendedFailure failure = PretendedFailure::none;
};

/// Of labels `pretend.lasts=1500ms`, `pretend.exits=3` and `pretend.fails=PHASE` or
/// `pretend.fails=PHASE@NODE`, on that node alone. error: bad_usage names the label
Result<PretendedJob> pretended_job(const std::map<std::string, std::string>& labels,
                                   const std::string& node);

}  // namespace cox::noded
