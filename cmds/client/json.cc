// JSON text, escaped as RFC 8259 asks.
#include "cmds/client/json.h"

#include <array>
#include <cstdio>

namespace cox::cmds {
namespace {

/// Bytes of the UTF-8 character at `at`; 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
  }
  if (length < 3) return length;
  const unsigned second = byte(at + 1);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_surrogate = first == 0xED && second >= 0xA0;
  const bool is_beyond = first == 0xF4 && second >= 0x90;
  return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

void append_text(std::string_view text, std::string* out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out->push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0) {
      *out += "\xEF\xBF\xBD";
    } else if (byte == '"' || byte == '\\') {
      *out += {'\\', text[at]};
    } else if (byte == '\n') {
      *out += "\\n";
    } else if (byte < 0x20) {
      *out += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    } else {
      *out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out->push_back('"');
}

}  // namespace

JsonWriter::JsonWriter() : out_("{") {
  number("version", std::uint64_t{1});
}

void JsonWriter::begin_member(std::string_view key) {
  if (!is_first_) out_ += ',';
  is_first_ = false;
  out_ += '\n';
  out_.append(depth_ * 2, ' ');
  if (key.empty()) return;
  append_text(key, &out_);
  out_ += ": ";
}

void JsonWriter::begin_object(std::string_view key) {
  begin_member(key);
  out_ += '{';
  ++depth_;
  is_first_ = true;
}

void JsonWriter::begin_array(std::string_view key) {
  begin_member(key);
  out_ += '[';
  ++depth_;
  is_first_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!is_first_) {
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }
  out_ += bracket;
  is_first_ = false;
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  begin_member(key);
  append_text(value, &out_);
}

void JsonWriter::number(std::string_view key, std::int64_t value) {
  begin_member(key);
  out_ += std::to_string(value);
}

void JsonWriter::number(std::string_view key, std::uint64_t value) {
  begin_member(key);
  out_ += std::to_string(value);
}

void JsonWriter::real(std::string_view key, double value) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.4f", value);
  begin_member(key);
  out_.append(text.data(), static_cast<std::size_t>(length));
}

void JsonWriter::boolean(std::string_view key, bool value) {
  begin_member(key);
  out_ += value ? "true" : "false";
}

void JsonWriter::null(std::string_view key) {
  begin_member(key);
  out_ += "null";
}

std::string JsonWriter::take() {
  close('}');
  out_ += '\n';
  return std::move(out_);
}

}  // namespace cox::cmds
