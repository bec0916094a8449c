// See overrides.h. "a.b=c" is a line of TOML already, but for the quotes that shells eat.
#include "config/overrides.h"

#include "common/text.h"
#include "config/bare_text.h"

namespace cox::config {
namespace {

void merge(const toml::table& from, toml::table* to) {
  for (const auto& [key, value] : from) {
    const toml::table* inner = value.as_table();
    toml::node* there = to->get(key);
    if (inner != nullptr && there != nullptr && there->is_table()) {
      merge(*inner, there->as_table());
    } else {
      to->insert_or_assign(key, value);
    }
  }
}

toml::parse_result parse_line(const std::string& line) {
  if (find_bare_letter(line)) return toml::parse("= a letter outside quotes");
  return toml::parse(line);
}

}  // namespace

Result<void> put_over(const std::vector<std::string>& set, toml::table* top) {
  for (const std::string& entry : set) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || entry.find('\n') != std::string::npos) {
      return fail(Code::bad_usage, "--set " + quoted(entry) + ": not KEY=VALUE");
    }
    toml::parse_result line = parse_line(entry);
    if (!line) {
      const std::string value(trim(std::string_view(entry).substr(equals + 1)));
      if (value.find_first_of("\"\\'") == std::string::npos) {
        line = parse_line(entry.substr(0, equals) + " = \"" + value + "\"");
      }
    }
    if (!line) {
      return fail(Code::bad_usage,
                  "--set " + quoted(entry) + ": not TABLE.KEY=VALUE as in the configuration file");
    }
    merge(line.table(), top);
  }
  return {};
}

}  // namespace cox::config
