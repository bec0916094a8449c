// Random bytes by getrandom, which cannot fail once the system has booted.
#include "platform/random.h"

#include <sys/random.h>

#include <cerrno>

#include "common/assert.h"

namespace cox::platform {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const auto got = ::getrandom(bytes.data() + have, count - have, 0);
    ASSERT(got > 0 || errno == EINTR);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace cox::platform
