// Checks common to all targets.
#include "testsuite/fuzz/fuzz.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "common/text.h"

namespace cox::fuzz {
namespace {

// Protobuf would write a line for each text that is no UTF-8.
[[maybe_unused]] const auto log_before = google::protobuf::SetLogHandler(nullptr);

constexpr std::size_t message_bytes_max = 2000;

bool is_control(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x20 || byte == 0x7f) return true;
  // U+0080 to U+009F, some of which begin a terminal's commands.
  return byte == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0;
}

/// Bytes of the sequence that a leading byte begins; 0 for one that begins none.
std::size_t sequence_bytes(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = sequence_bytes(static_cast<unsigned char>(text[at]));
    if (bytes == 0 || text.size() - at < bytes) return false;
    for (std::size_t i = 1; i < bytes; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80) return false;
    }
    at += bytes;
  }
  return true;
}

void require_line(std::string_view line) {
  require(!line.empty(), "a complaint is empty");
  require(line.size() <= message_bytes_max, "a complaint is too long");
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (!is_control(line, at)) continue;
    std::fprintf(stderr, "complaint: %s\n", quoted(line, message_bytes_max).c_str());
    require(false, "a complaint holds a control character");
  }
  if (is_utf8(line)) return;
  std::fprintf(stderr, "complaint in hex: %s\n", to_hex(line).c_str());
  require(false, "a complaint is no UTF-8");
}

}  // namespace

std::uint8_t Input::byte() {
  if (rest_.empty()) return 0;
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::size_t Input::number(std::size_t limit) {
  const std::size_t high = byte();
  const std::size_t value = high * 256 + byte();
  return limit == 0 ? 0 : value % limit;
}

std::string_view Input::text() {
  const std::size_t end = rest_.find('\0');
  const std::string_view text = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  return text;
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

void require_readable(const Error& error) {
  require_line(error.message);
}

void require_readable_lines(const Error& error, std::size_t lines_max) {
  const auto lines = split(error.message, '\n');
  require(lines.size() <= lines_max, "too many complaints");
  for (const std::string_view line : lines) require_line(line);
}

void require_names(const Error& error, std::string_view text) {
  require_readable(error);
  const std::string_view message = error.message;
  const std::string whole = quoted(text, text.size());
  if (text.empty() || message.find(quoted(text)) != std::string_view::npos) return;
  for (std::size_t from = message.find('"'); from != std::string_view::npos;) {
    for (std::size_t to = message.rfind('"'); to > from; to = message.rfind('"', to - 1)) {
      std::string_view shown = message.substr(from + 1, to - from - 1);
      if (shown.ends_with("...")) shown.remove_suffix(3);
      if (whole.find(shown) != std::string::npos) return;
    }
    from = message.find('"', from + 1);
  }
  constexpr std::string_view separators = ",:";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    if (end > at && message.find(quoted(text.substr(at, end - at))) != std::string::npos) return;
    at = end + 1;
  }
  std::fprintf(stderr, "text: %s\ncomplaint: %s\n", quoted(text).c_str(), error.message.c_str());
  require(false, "a complaint does not name its value");
}

}  // namespace cox::fuzz
