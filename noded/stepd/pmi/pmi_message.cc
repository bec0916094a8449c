// The two grammars. Sources: flux-framework RFC 13 for PMI-1, MPICH's description of the PMI v2
// wire protocol.
#include "noded/stepd/pmi/pmi_message.h"

#include <algorithm>

#include "common/text.h"

namespace cox::stepd {
namespace {

constexpr std::size_t length_digits = 6;  // before each message of PMI-2
constexpr std::string_view blanks = " \t";
constexpr std::string_view spawn_line = "mcmd=spawn";  // the one request of many lines
constexpr std::size_t shown_bytes = 80;

Failure malformed(const char* grammar, std::string_view text, const std::string& why) {
  return fail(Code::bad_usage,
              std::string(grammar) + " message " + quoted(text, shown_bytes) + ": " + why);
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

// What people wrote goes to the end of the line, blanks and all.
bool takes_rest(std::string_view name) {
  return name == "value" || name == "message" || name == "msg";
}

Result<PmiMessage> with_command(PmiMessage message, const char* grammar, std::string_view text) {
  const auto command = std::find_if(message.words.begin(), message.words.end(),
                                    [](const auto& word) { return word.first == "cmd"; });
  if (command == message.words.end() || command->second.empty()) {
    return malformed(grammar, text, "no command");
  }
  message.command = command->second;
  message.words.erase(command);
  return message;
}

}  // namespace

const std::string* PmiMessage::find(std::string_view name) const {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const auto& word) { return word.first == name; });
  return found == words.end() ? nullptr : &found->second;
}

Result<PmiMessage> parse_pmi1(std::string_view line) {
  if (std::any_of(line.begin(), line.end(), is_control)) {
    return malformed("pmi-1", line, "a control character");
  }
  PmiMessage message;
  std::string_view rest = line;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    if (rest.empty()) {
      break;
    }
    const std::string_view word = rest.substr(0, rest.find_first_of(blanks));
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return malformed("pmi-1", line, "name=value is expected at " + quoted(std::string(word)));
    }
    const std::string_view name = word.substr(0, equals);
    const std::string_view value =
        takes_rest(name) ? rest.substr(equals + 1) : word.substr(equals + 1);
    message.with(std::string(name), std::string(value));
    rest.remove_prefix(equals + 1 + value.size());
  }
  return with_command(std::move(message), "pmi-1", line);
}

Result<PmiMessage> parse_pmi2(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return malformed("pmi-2", text, "a zero byte");
  }
  PmiMessage message;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t equals = text.find('=', at);
    const std::string_view name = text.substr(at, equals - at);
    if (equals == std::string_view::npos || name.empty() ||
        name.find(';') != std::string_view::npos) {
      return malformed("pmi-2", text, "name=value; is expected at byte " + std::to_string(at));
    }
    std::string value;
    for (at = equals + 1; at < text.size(); ++at) {
      if (text[at] == ';') {
        if (at + 1 >= text.size() || text[at + 1] != ';') {
          break;
        }
        ++at;  // doubled: one of the value's own
      }
      value.push_back(text[at]);
    }
    if (at >= text.size()) {
      return malformed("pmi-2", text, "the last value has no end");
    }
    ++at;
    message.with(std::string(name), std::move(value));
  }
  return with_command(std::move(message), "pmi-2", text);
}

std::string pmi1_text(const PmiMessage& message) {
  std::string text = "cmd=" + message.command;
  for (const auto& [name, value] : message.words) {
    text += " " + name + "=" + value;
  }
  return text + "\n";
}

std::string pmi2_text(const PmiMessage& message) {
  std::string text;
  const auto add = [&text](const std::string& name, const std::string& value) {
    text += name + "=";
    for (const char c : value) {
      text.append(c == ';' ? 2 : 1, c);
    }
    text += ";";
  };
  add("cmd", message.command);
  for (const auto& [name, value] : message.words) {
    add(name, value);
  }
  const std::string length = std::to_string(text.size());
  return std::string(length_digits - std::min(length.size(), length_digits), ' ') + length + text;
}

std::optional<std::string> PmiReader::take_line() {
  const std::size_t end = buffer_.find('\n');
  if (end == std::string::npos) {
    return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

Result<std::optional<PmiMessage>> PmiReader::next() {
  return version_ == PmiVersion::one ? next_lines() : next_counted();
}

Result<std::optional<PmiMessage>> PmiReader::next_lines() {
  while (const auto line = take_line()) {
    if (line->size() > pmi_message_bytes_max) {
      return malformed("pmi-1", *line, "a line of " + std::to_string(line->size()) + " bytes");
    }
    if (!many_ && !line->starts_with("mcmd=")) {
      auto message = parse_pmi1(*line);
      if (!message) {
        return Failure(message.error());
      }
      return std::optional(std::move(*message));
    }
    if (std::any_of(line->begin(), line->end(), is_control) || (!many_ && *line != spawn_line)) {
      return malformed("pmi-1", *line, many_ ? "a control character" : "mcmd=spawn is expected");
    }
    many_bytes_ += line->size();
    if (many_bytes_ > pmi_message_bytes_max) {
      return malformed(
          "pmi-1", *line,
          "a request of more than " + std::to_string(pmi_message_bytes_max) + " bytes");
    }
    if (*line == "endcmd" && many_) {
      std::optional<PmiMessage> whole;
      whole.swap(many_);
      many_bytes_ = 0;
      return whole;
    }
    const std::size_t equals = line->find('=');
    if (equals == std::string::npos || equals == 0) {
      return malformed("pmi-1", *line, "name=value or endcmd is expected");
    }
    if (!many_) {
      many_.emplace().command = line->substr(equals + 1);
    } else {
      many_->with(line->substr(0, equals), line->substr(equals + 1));
    }
  }
  if (buffer_.size() > pmi_message_bytes_max) {
    return malformed("pmi-1", buffer_,
                     "no end within " + std::to_string(pmi_message_bytes_max) + " bytes");
  }
  return std::optional<PmiMessage>();
}

Result<std::optional<PmiMessage>> PmiReader::next_counted() {
  if (buffer_.size() < length_digits) {
    return std::optional<PmiMessage>();
  }
  const auto length = parse_u64(trim(std::string_view(buffer_).substr(0, length_digits)));
  if (!length || *length == 0 || *length > pmi_message_bytes_max) {
    return malformed("pmi-2", buffer_, "its length is expected in the first six bytes");
  }
  if (buffer_.size() < length_digits + *length) {
    return std::optional<PmiMessage>();
  }
  const std::string text = buffer_.substr(length_digits, *length);
  buffer_.erase(0, length_digits + *length);
  auto message = parse_pmi2(text);
  if (!message) {
    return Failure(message.error());
  }
  return std::optional(std::move(*message));
}

}  // namespace cox::stepd
