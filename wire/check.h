// Checks of what arrives: each getter returns the value, or a harmless one after noting the first
// complaint; done() then gives the whole or the complaint. For the codecs of wire/ only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "common/result.h"
#include "common/text.h"
#include "wire/model_codec.h"

namespace cox::wire {

/// No amount of memory, in MiB or bytes, and no time in µs is beyond this.
inline constexpr std::int64_t amount_max = std::int64_t{1} << 61;
inline constexpr std::int64_t memory_mib_max = std::int64_t{1} << 40;
inline constexpr int names_max = 4096;    // partitions, labels, pools of one thing
inline constexpr int devices_max = 4096;  // of one node
inline constexpr int numa_nodes_max = 1024;

class Check {
 public:
  void refuse(std::string message) {
    if (!first_) first_ = cox::Error{Code::bad_usage, std::move(message)};
  }

  bool good() const { return !first_; }

  /// Text of people or the system: short, and no NUL, which would cut it in a system call.
  std::string text(const std::string& value, const char* what, std::size_t limit = text_bytes_max) {
    if (value.size() > limit) {
      refuse(std::string(what) + " of " + std::to_string(value.size()) +
             " bytes is over the limit of " + std::to_string(limit));
      return {};
    }
    if (value.find('\0') != std::string::npos) {
      refuse(std::string(what) + " " + quoted(value) + " holds a NUL byte");
      return {};
    }
    return value;
  }

  bool count(int value, int limit, const char* what) {
    if (value <= limit) return true;
    refuse(std::to_string(value) + " " + what + " are over the limit of " + std::to_string(limit));
    return false;
  }

  template <class Number>
  Number range(Number value, Number low, Number high, const char* what) {
    if (value >= low && value <= high) return value;
    refuse(std::string(what) + " " + std::to_string(value) + " is not between " +
           std::to_string(low) + " and " + std::to_string(high));
    return low;
  }

  template <class Enum>
  Enum choice(std::uint32_t value, Enum last, const char* what) {
    return static_cast<Enum>(
        range<std::uint32_t>(value, 0, static_cast<std::uint32_t>(last), what));
  }

  template <class T>
  T take(Result<T> value, const char* what) {
    if (value) return *std::move(value);
    if (!first_) first_ = value.error().with_context(what);
    return T{};
  }

  template <class T>
  Result<T> done(T value) {
    if (first_) return Failure(*std::move(first_));
    return value;
  }

 private:
  std::optional<cox::Error> first_;
};

/// Our own text cut to what the other side takes.
inline std::string clipped(const std::string& text) {
  return text.substr(0, text_bytes_max);
}

}  // namespace cox::wire
