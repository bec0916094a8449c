// Requests and replies of PMI-1 and PMI-2 as they go over the descriptor in PMI_FD. A task can send
// anything: nothing here trusts a byte of it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace cox::stepd {

enum class PmiVersion : std::uint8_t { one = 1, two = 2 };

inline constexpr std::size_t pmi_message_bytes_max = 65'536;

struct PmiMessage {
  std::string command;
  std::vector<std::pair<std::string, std::string>> words;  // in order, without the command

  PmiMessage& with(std::string name, std::string value) {
    words.emplace_back(std::move(name), std::move(value));
    return *this;
  }

  /// The first of that name, or null.
  const std::string* find(std::string_view name) const;
};

/// `cmd=put kvsname=x key=a value=b`, without its newline.
/// error: bad_usage shows the line
Result<PmiMessage> parse_pmi1(std::string_view line);
/// `cmd=kvs-put;key=a;value=b;`, without its length. A semicolon within a value comes doubled.
/// error: bad_usage shows the text
Result<PmiMessage> parse_pmi2(std::string_view text);

/// As it is sent, with its newline.
std::string pmi1_text(const PmiMessage& message);
/// As it is sent, behind its length.
std::string pmi2_text(const PmiMessage& message);

/// Takes the stream of one task apart. It begins with PMI-1, whose first exchange agrees on the
/// version.
class PmiReader {
 public:
  void add(std::string_view bytes) { buffer_.append(bytes); }

  void speak(PmiVersion version) { version_ = version; }

  /// The next message; none when more bytes are needed. A request of many lines (`mcmd=spawn`) is
  /// one message. error: bad_usage; what follows cannot be read either
  Result<std::optional<PmiMessage>> next();

 private:
  Result<std::optional<PmiMessage>> next_lines();
  Result<std::optional<PmiMessage>> next_counted();
  std::optional<std::string> take_line();

  PmiVersion version_ = PmiVersion::one;
  std::string buffer_;
  std::optional<PmiMessage> many_;  // of many lines, unfinished
  std::size_t many_bytes_ = 0;
};

}  // namespace cox::stepd
