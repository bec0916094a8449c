// The dynamic section of an ELF file, read without trusting any number in it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/result.h"

namespace cox::stepd {

/// `size` bytes of a file from `offset`; fewer at its end.
using ReadAt = std::function<std::string(std::uint64_t offset, std::size_t size)>;

/// What the loader is told to find, and where to look; directories as they are written.
struct ElfNeeds {
  std::vector<std::string> libraries;  // DT_NEEDED
  std::vector<std::string> rpath;      // DT_RPATH, void where there is a DT_RUNPATH
  std::vector<std::string> runpath;
};

/// error: bad_usage for what is no 64-bit little-endian ELF file with a dynamic section
Result<ElfNeeds> elf_needs(const ReadAt& read);

}  // namespace cox::stepd
