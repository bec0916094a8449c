// The parts together, and what several of them need.
#include "config/reading.h"

#include "common/text.h"

namespace cox::config {
namespace {

std::string unknown_user(const UserNames& users, const std::string& name) {
  const auto near = users.known ? nearest(name, users.known()) : std::nullopt;
  return "this host knows no user \"" + quoted(name) + '"' +
         (near ? "; did you mean \"" + quoted(*near) + "\"?" : "");
}

}  // namespace

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

Uid role_user(Reading& reading,
              const toml::source_region& place,
              const std::string& key,
              const std::string& name) {
  const UserNames& users = *reading.users;
  if (!users.find) return uid_nobody;
  if (const auto uid = users.find(name)) return *uid;
  const std::string what = unknown_user(users, name);
  users.refuses_unknown ? reading.reader.complain(place, key, what)
                        : reading.reader.warn(place, key, what);
  return uid_nobody;
}

void check_account_user(Reading& reading,
                        const toml::source_region& place,
                        const std::string& key,
                        const std::string& name) {
  const UserNames& users = *reading.users;
  if (!users.find || !users.looks_at_accounts || users.find(name)) return;
  reading.reader.warn(place, key, unknown_user(users, name));
}

std::string Names::nearest_text(const std::string& name) const {
  std::vector<std::string> words;
  for (const auto& [word, line] : known_) words.push_back(word);
  const auto near = nearest(name, words);
  return near ? "; did you mean \"" + *near + "\"?" : "";
}

}  // namespace cox::config
