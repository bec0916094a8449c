// What jobs and steps used, in words.
#include "cmds/show/sheet.h"

#include "model/memory_text.h"

namespace cox::cmds {

std::string usage_text(const wire::Usage& usage) {
  const auto seconds_text = [](std::int64_t us) {
    return std::to_string(us / 1'000'000) + "." + std::to_string(us / 100'000 % 10) + " s";
  };
  return seconds_text(usage.user_us()) + " user, " + seconds_text(usage.system_us()) + " system, " +
         memory_text((usage.memory_peak_bytes() + (1 << 20) - 1) >> 20) + " peak";
}

}  // namespace cox::cmds
