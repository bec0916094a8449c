// See output_file.h.
#include "sim/output_file.h"

#include <fcntl.h>

#include <cerrno>

#include "platform/file.h"

namespace cox::sim {

Result<OutputFile> OutputFile::open(const std::string& path) {
  platform::Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.is_open()) return Failure(platform::system_error("write " + path, errno));
  return OutputFile(path, std::move(fd));
}

Result<void> OutputFile::write(std::string_view text) {
  return platform::write_all(fd_.get(), path_, text);
}

}  // namespace cox::sim
