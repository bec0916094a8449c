// The file as a whole: its parts in order, and what is said of it.
#include "config/config.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "common/text.h"
#include "config/bare_text.h"
#include "config/overrides.h"
#include "config/reading.h"

namespace cox::config {
namespace {

void sort(std::vector<Complaint>& complaints) {
  std::stable_sort(complaints.begin(), complaints.end(), [](const auto& a, const auto& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
}

std::string text_of(const Complaint& one, const std::string& name) {
  return name + ":" + std::to_string(one.line) + ":" + std::to_string(one.column) + ": " + one.text;
}

/// Warnings stand among the complaints, so that one reading tells all.
Error as_error(std::vector<Complaint> complaints,
               const std::string& name,
               const std::vector<Complaint>& warnings = {}) {
  for (const Complaint& one : warnings) {
    complaints.push_back({one.line, one.column, "warning: " + one.text});
  }
  sort(complaints);
  std::string text;
  for (std::size_t i = 0; i < std::min(complaints.size(), complaints_max); ++i) {
    text += (i == 0 ? "" : "\n") + text_of(complaints[i], name);
  }
  if (complaints.size() > complaints_max) {
    text += "\n" + name + ": " + std::to_string(complaints.size() - complaints_max) + " more";
  }
  return Error{Code::bad_usage, text};
}

/// The parser's own words may quote the file: made printable, on one line, lower case at first.
Error syntax_error(const toml::parse_error& wrong, const std::string& name) {
  std::string text = quoted(wrong.description(), 200);
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  const auto& at = wrong.source().begin;
  return as_error({{at.line, at.column, "syntax: " + text}}, name);
}

Error bare_letter(std::string_view text, std::size_t at, const std::string& name) {
  const std::string_view before = text.substr(0, at);
  const auto line = static_cast<std::uint32_t>(1 + std::ranges::count(before, '\n'));
  const auto column = static_cast<std::uint32_t>(at - (before.rfind('\n') + 1) + 1);
  const std::string shown = quoted(text.substr(at, 16), 1);
  return as_error({{line, column, "syntax: \"" + shown + "\" stands outside quotes"}}, name);
}

std::string reason(int number) {
  switch (number) {
    case ENOENT:
      return "no such file";
    case EACCES:
      return "permission denied";
    case EISDIR:
      return "is a directory";
    default:
      return "error " + std::to_string(number) + " of the system";
  }
}

/// Whether root of a node is trusted depends on `auth` unless the file says it.
bool names_root(const toml::table& top) {
  const auto* cluster = top["cluster"].as_table();
  return cluster != nullptr && cluster->contains("root_from_nodes");
}

void take_all(Reading& reading, const toml::table& top) {
  std::vector<Key> keys;
  for (const auto& part : {&cluster_keys, &schedule_keys, &account_keys, &program_keys, &fleet_keys,
                           &partition_keys}) {
    std::vector<Key> some = part(reading);
    keys.insert(keys.end(), some.begin(), some.end());
  }
  reading.reader.read(top, "", keys);
  for (const auto& check : reading.afterwards) check();
  if (!names_root(top)) reading.config.root_from_nodes = reading.config.settings.auth == "local";
}

}  // namespace

Result<Config> parse(std::string_view text,
                     const std::string& name,
                     const std::vector<std::string>& set,
                     const UserNames& users) {
  const std::string shown = quoted(name, 200);
  if (text.size() > file_bytes_max) {
    return fail(Code::bad_usage,
                shown + ": longer than " + std::to_string(file_bytes_max) + " bytes");
  }
  if (const auto bare = find_bare_letter(text)) return Failure(bare_letter(text, *bare, shown));
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) return Failure(syntax_error(parsed.error(), shown));
  if (auto done = put_over(set, &parsed.table()); !done) return Failure(done.error());
  Reading reading;
  reading.users = &users;
  take_all(reading, parsed.table());
  if (reading.has_complaints()) {
    return Failure(as_error(reading.reader.complaints(), shown, reading.reader.warnings()));
  }
  std::vector<Complaint> warnings = reading.reader.warnings();
  sort(warnings);
  for (const Complaint& one : warnings) reading.config.warnings.push_back(text_of(one, shown));
  return std::move(reading.config);
}

Result<Config> load(const std::string& path,
                    const std::vector<std::string>& set,
                    const UserNames& users) {
  if (path.empty()) return set.empty() ? Config{} : parse("", "--set", set, users);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    const int why = errno;
    const Code code = why == EACCES ? Code::not_permitted : Code::not_found;
    return fail(code, "read " + quoted(path, 200) + ": " + reason(why));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  auto config = parse(text, path, {}, users);
  // What is wrong with the file itself is said with its name.
  return config && !set.empty() ? parse(text, "--set", set, users) : std::move(config);
}

}  // namespace cox::config
