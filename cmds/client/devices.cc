// Reads device texts. A part that is a number is a count, any other a type.
#include "cmds/client/devices.h"

#include <string>

#include "common/text.h"

namespace cox::cmds {
namespace {

constexpr std::uint64_t devices_max = 1024;

Failure malformed(std::string_view option, std::string_view text, std::string_view expected) {
  return fail(Code::bad_usage, "--" + std::string(option) + " " + quoted(text) + ": " +
                                   std::string(expected) + " is expected");
}

/// `parts` are a type and a count, either of which may be missing.
bool take_parts(const std::vector<std::string_view>& parts, DeviceRequest* device) {
  device->count = 1;
  if (parts.size() > 2) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto count = parse_u64(parts[i]);
    if (count && i + 1 == parts.size()) {
      if (*count > devices_max) return false;
      device->count = static_cast<std::uint32_t>(*count);
    } else if (i == 0 && !count && !parts[i].empty()) {
      device->type = parts[i];
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<DeviceRequest> parse_gpus(std::string_view option, std::string_view text) {
  DeviceRequest device{"gpu", "", 0};
  const auto parts = split(text, ':');
  if (!parse_u64(parts.back()) || !take_parts(parts, &device)) {
    return malformed(option, text, "[TYPE:]N");
  }
  return device;
}

Result<std::vector<DeviceRequest>> parse_gres(std::string_view text) {
  std::vector<DeviceRequest> devices;
  if (text == "none") return devices;
  for (const std::string_view item : split(text, ',')) {
    auto parts = split(item, ':');
    DeviceRequest device;
    device.name = parts.front();
    parts.erase(parts.begin());
    if (device.name.empty() || !take_parts(parts, &device)) {
      return malformed("gres", text, "NAME[:TYPE][:N],...");
    }
    devices.push_back(device);
  }
  return devices;
}

}  // namespace cox::cmds
