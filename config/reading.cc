// The parts together, and what several of them need.
#include "config/reading.h"

#include "common/text.h"

namespace cox::config {

bool Names::take(Reading& reading, const std::string& name, const toml::table& table) {
  if (!table.contains("name")) {
    reading.reader.complain(table.source(), kind_, "has no name");
    return false;
  }
  if (name.empty()) return false;  // it has its own complaint
  const auto [entry, is_new] = known_.emplace(name, table.source().begin.line);
  if (is_new) return true;
  reading.reader.complain(
      table.source(), kind_ + ".name",
      '"' + name + "\" is there twice, first in line " + std::to_string(entry->second));
  return false;
}

std::string Names::nearest_text(const std::string& name) const {
  std::vector<std::string> words;
  for (const auto& [word, line] : known_) words.push_back(word);
  const auto near = nearest(name, words);
  return near ? "; did you mean \"" + *near + "\"?" : "";
}

}  // namespace cox::config
