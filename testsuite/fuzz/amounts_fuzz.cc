// Amounts of memory, GPUs and other devices as options name them.
#include "cmds/client/devices.h"
#include "model/memory_text.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

namespace {

void check_memory(std::string_view text) {
  const auto mib = parse_memory_mib(text);
  if (!mib) return fuzz::require_names(mib.error(), text);
  require(*mib >= 0 && *mib <= std::int64_t{1} << 44, "an amount out of bounds");
  require(parse_memory_mib(memory_text(*mib)) == *mib, "a printed amount reads as another");
}

void check_devices(std::string_view text) {
  const auto gpus = cmds::parse_gpus("gpus", text);
  if (!gpus) fuzz::require_names(gpus.error(), text);
  const auto devices = cmds::parse_gres(text);
  if (!devices) return fuzz::require_names(devices.error(), text);
  for (const DeviceRequest& device : *devices) require(!device.name.empty(), "a nameless device");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_memory(text);
  check_devices(text);
  return 0;
}
