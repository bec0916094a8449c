// Which libraries a program would be loaded with, found as the loader of the C library finds them.
// Pure: files are read through a function.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "noded/stepd/elf.h"

namespace cox::stepd {

/// /etc/ld.so.cache, whatever its bytes are; without entries where it has another format. It is
/// searched as it is: most steps look for the C library alone.
class LoaderCache {
 public:
  LoaderCache() = default;
  explicit LoaderCache(std::string bytes);

  /// In its order.
  std::vector<std::string> paths_of(std::string_view library) const;

 private:
  std::string_view text_at(std::size_t offset) const;

  std::string bytes_;  // from the header on
  std::size_t entries_ = 0;
};

/// What the ELF file at `path` needs; an error where it is none that the loader would take.
using ReadNeeds = std::function<Result<ElfNeeds>(const std::string& path)>;

struct LoaderSetup {
  std::vector<std::string> library_path;  // LD_LIBRARY_PATH
  std::vector<std::string> preloaded;     // LD_PRELOAD
  LoaderCache cache;
};

/// Names of all libraries that `program` and its libraries need, nearest first, each once. One that
/// is found nowhere is named too.
std::vector<std::string> loaded_libraries(const std::string& program,
                                          const ElfNeeds& needs,
                                          const LoaderSetup& setup,
                                          const ReadNeeds& read);

}  // namespace cox::stepd
