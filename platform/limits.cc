// The soft limit of 1,024 is for programs that use select(); ours do not.
#include "platform/limits.h"

#include <sys/resource.h>

#include <algorithm>

namespace cox::platform {

std::size_t raise_descriptor_limit() {
  constexpr rlim_t wanted_max = 1U << 20;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  rlimit raised = limit;
  raised.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, wanted_max));
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) raised = limit;
  return static_cast<std::size_t>(std::min<rlim_t>(raised.rlim_cur, wanted_max));
}

}  // namespace cox::platform
