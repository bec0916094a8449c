// See own_files.h.
#include "ctld/store/own_files.h"

namespace cox::ctld {

OwnFiles::OwnFiles(const std::string& path)
    : files_{File{path, std::nullopt}, File{path + "-wal", std::nullopt}} {}

Result<void> OwnFiles::check() {
  for (File& file : files_) {
    if (file.known.has_value() && !platform::is_still(file.path, *file.known)) {
      return fail(Code::internal, file.path + " was removed or replaced under this controller");
    }
    if (file.known.has_value()) continue;
    if (const auto found = platform::FileIdentity::of(file.path)) file.known = *found;
  }
  return {};
}

}  // namespace cox::ctld
