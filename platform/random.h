// Random bytes of the kernel: nonces, keys, client keys. Never used in a decision.
#pragma once

#include <cstddef>
#include <string>

namespace cox::platform {

std::string random_bytes(std::size_t count);

}  // namespace cox::platform
