// See private_file.h.
#include "platform/private_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "platform/file.h"

namespace cox::platform {

std::optional<PrivacyFault> privacy_fault(const std::string& path, uid_t owner) {
  struct stat about {};

  if (::stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return PrivacyFault{system_error("look at " + path, errno).message, ""};
  }
  if (about.st_uid != 0 && about.st_uid != owner) {
    return PrivacyFault{
        path + " belongs to uid " + std::to_string(about.st_uid) + ", who could show or change it",
        "chown " + std::to_string(owner) + " " + path};
  }
  constexpr mode_t others = 077;
  if ((about.st_mode & others) == 0) return std::nullopt;
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(about.st_mode) & 07777U);
  return PrivacyFault{path + " has mode " + mode.data() + ": others could read or change it",
                      "chmod 600 " + path};
}

Result<void> check_private(const std::string& path) {
  const auto fault = privacy_fault(path, ::geteuid());
  if (!fault) return {};
  const std::string mend = fault->mend.empty() ? "" : " (mend: " + fault->mend + ")";
  return fail(Code::not_permitted, fault->what + mend);
}

}  // namespace cox::platform
