// Reads directives by the shell's quoting rules, without a shell.
#include "cmds/client/directives.h"

#include "common/text.h"

namespace cox::cmds {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Words of one line; an unquoted '#' at the start of a word begins a comment.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  /// False when a quote is left open.
  bool read(std::vector<std::string>* words) {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#') {
        return true;
      } else {
        std::string word;
        if (!read_word(&word)) return false;
        words->push_back(std::move(word));
      }
    }
    return true;
  }

 private:
  bool read_word(std::string* word) {
    while (at_ < text_.size() && !is_blank(text_[at_])) {
      const char c = text_[at_++];
      if (c == '\'' || c == '"') {
        if (!read_quoted(c, word)) return false;
      } else if (c == '\\' && at_ < text_.size()) {
        word->push_back(text_[at_++]);
      } else {
        word->push_back(c);
      }
    }
    return true;
  }

  bool read_quoted(char quote, std::string* word) {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == quote) return true;
      const bool escapes = quote == '"' && c == '\\' && at_ < text_.size() &&
                           (text_[at_] == '"' || text_[at_] == '\\');
      word->push_back(escapes ? text_[at_++] : c);
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// What follows "#COX" or "#SBATCH"; nothing when the line is no directive.
std::string_view directive_text(std::string_view line) {
  for (const std::string_view prefix : {"#COX", "#SBATCH"}) {
    if (line.size() > prefix.size() && line.starts_with(prefix) && is_blank(line[prefix.size()])) {
      return line.substr(prefix.size());
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Directive>> read_directives(std::string_view script) {
  std::vector<Directive> found;
  std::size_t number = 0;
  while (!script.empty()) {
    const std::size_t end = script.find('\n');
    const std::string_view line = script.substr(0, end);
    script.remove_prefix(end == std::string_view::npos ? script.size() : end + 1);
    ++number;
    const std::string_view trimmed = trim(line);
    if (!trimmed.empty() && trimmed.front() != '#') break;
    const std::string_view text = directive_text(line);
    if (text.empty()) continue;
    Directive directive{number, {}};
    if (!WordReader(text).read(&directive.words)) {
      return fail(Code::bad_usage, std::to_string(number) + ": a quote is not closed");
    }
    found.push_back(std::move(directive));
  }
  return found;
}

Result<std::vector<GivenOption>> directive_options(OptionTable table,
                                                   std::string_view script,
                                                   const std::string& script_name) {
  const auto directives = read_directives(script);
  if (!directives) return fail(Code::bad_usage, script_name + ":" + directives.error().message);
  std::vector<GivenOption> options;
  for (const Directive& directive : *directives) {
    const std::string where = script_name + ":" + std::to_string(directive.line);
    auto words = normalise(table, directive.words, Operands::anywhere);
    if (!words) return Failure(words.error().with_context(where));
    if (!words->operands.empty()) {
      return fail(Code::bad_usage,
                  where + ": " + quoted(words->operands.front()) + ": an option is expected");
    }
    for (GivenOption& option : words->options) {
      if (!option.spec->is_supported()) {
        return fail(Code::bad_usage,
                    where + ": --" + option.spec->name + ": not supported yet by this version");
      }
      option.where = where;
      options.push_back(std::move(option));
    }
  }
  return options;
}

Result<void> check_script(std::string_view script, const std::string& script_name) {
  if (script.empty()) return fail(Code::bad_usage, script_name + ": the script is empty");
  if (script.find('\0') != std::string_view::npos) {
    return fail(Code::bad_usage,
                script_name + ": has NUL bytes; a program is submitted as: cox submit -- COMMAND");
  }
  if (!script.starts_with("#!")) {
    return fail(Code::bad_usage, script_name +
                                     ": the first line must begin with #! and an interpreter "
                                     "(a command is submitted as: cox submit -- COMMAND)");
  }
  if (script.find("\r\n") != std::string_view::npos) {
    return fail(Code::bad_usage, script_name + ": has DOS line ends (see: dos2unix)");
  }
  return {};
}

}  // namespace cox::cmds
