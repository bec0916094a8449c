// See private_file.h.
#include "platform/private_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "platform/file.h"

namespace cox::platform {

Result<void> check_private(const std::string& path) {
  struct stat about {};

  if (::stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return {};
    return Failure(system_error("look at " + path, errno));
  }
  if (about.st_uid != 0 && about.st_uid != ::geteuid()) {
    return fail(Code::not_permitted, path + " belongs to uid " + std::to_string(about.st_uid) +
                                         ", who could show or change it (mend: chown " +
                                         std::to_string(::geteuid()) + " " + path + ")");
  }
  constexpr mode_t others = 077;
  if ((about.st_mode & others) == 0) return {};
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(about.st_mode) & 07777U);
  return fail(Code::not_permitted, path + " has mode " + mode.data() +
                                       ": others could read or change it (mend: chmod 600 " + path +
                                       ")");
}

}  // namespace cox::platform
