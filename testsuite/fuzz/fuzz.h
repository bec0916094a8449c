// What the fuzz targets share: input taken apart, and checks that end the process with a line. A
// target is one file with LLVMFuzzerTestOneInput; libFuzzer or our own driver (driver_main.cc)
// calls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace cox::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// The input from its front: a few numbers that choose, then bytes.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(text_of(data, size)) {}

  /// 0 when nothing is left.
  std::uint8_t byte();
  /// Below `limit`, from two bytes.
  std::size_t number(std::size_t limit);
  /// Up to the next zero byte, which is taken too.
  std::string_view text();

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Aborts with `what` unless it holds: a fault of the code under test.
void require(bool holds, const char* what);

/// Complaints are for people: UTF-8 on one line, without control characters, of bounded length.
void require_readable(const Error& error);
/// The same where each complaint has a line of its own.
void require_readable_lines(const Error& error, std::size_t lines_max);
/// A complaint about a text shows it, or the part at fault.
void require_names(const Error& error, std::string_view text);

}  // namespace cox::fuzz
