// Texts that name devices: "[TYPE:]N" of --gpus-per-node and "NAME[:TYPE][:N],..." of --gres.
#pragma once

#include <string_view>
#include <vector>

#include "common/result.h"
#include "model/job_request.h"

namespace cox::cmds {

/// A number of GPUs, perhaps of one type. error: bad_usage names --`option` and the text
Result<DeviceRequest> parse_gpus(std::string_view option, std::string_view text);
/// Devices per node; "none" gives an empty list. error: bad_usage
Result<std::vector<DeviceRequest>> parse_gres(std::string_view text);

}  // namespace cox::cmds
