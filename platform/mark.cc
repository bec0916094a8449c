// A symbolic link that points nowhere: making one is a single step of the file system that fails
// where there is one, and its target is the word.
#include "platform/mark.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "platform/file.h"

namespace cox::platform {

Result<bool> set_mark(const std::string& path, const std::string& word) {
  if (::symlink(word.c_str(), path.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  return Failure(system_error("mark " + path, errno));
}

Result<std::string> read_mark(const std::string& path) {
  std::array<char, 64> word{};
  const ssize_t length = ::readlink(path.c_str(), word.data(), word.size());
  if (length < 0) return Failure(system_error("mark " + path, errno));
  return std::string(word.data(), static_cast<std::size_t>(length));
}

}  // namespace cox::platform
