// JSON text, escaped as RFC 8259 asks.
#include "cmds/client/json.h"

#include <array>
#include <cstdio>

#include "cmds/client/clean_text.h"

namespace cox::cmds {
namespace {

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
