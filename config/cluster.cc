// [cluster] and [history]: what the controller is, who has which role, and what it remembers.
#include "config/reading.h"
#include "config/texts.h"

namespace cox::config {
namespace {

constexpr std::int64_t history_jobs_max = 10'000'000;
constexpr std::int64_t uid_max = uid_nobody - std::int64_t{1};

using Take = std::function<void(const toml::node&)>;

void take_member(Reading& reading,
                 const toml::node& node,
                 const std::string& key,
                 std::vector<RoleMember>* members) {
  RoleMember member;
  if (node.is_integer()) {
    reading.reader.number(key, 0, uid_max, &member.uid)(node);
    member.name = std::to_string(member.uid);
  } else {
    reading.reader.checked(key, &check_user, &member.name)(node);
  }
  if (!member.name.empty() && member.uid == uid_nobody) {
    member.uid = role_user(reading, node.source(), key, member.name);
  }
  if (!member.name.empty()) members->push_back(std::move(member));
}

/// A list of users, by name or number.
Take role(Reading& reading, const std::string& key, std::vector<RoleMember>* members) {
  return [&reading, key, members](const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr) {
      return reading.reader.complain(node.source(), key,
                                     type_text(node.type()) + " where a list of users is needed");
    }
    if (list->size() > static_cast<std::size_t>(settings_tables_max)) {
      return reading.reader.complain(node.source(), key,
                                     std::to_string(list->size()) +
                                         " users are over the limit of " +
                                         std::to_string(settings_tables_max));
    }
    for (const toml::node& entry : *list) take_member(reading, entry, key, members);
  };
}

void take_controller(Reading& reading, const toml::node& node) {
  std::string address;
  reading.reader.checked("cluster.controller", &check_host, &address)(node);
  if (!address.empty()) reading.config.listen = {address};
}

std::vector<Key> keys_of_cluster(Reading& reading) {
  Reader& reader = reading.reader;
  Settings& settings = reading.config.settings;
  const std::string at = "cluster.";
  return {
      {"name", reader.checked(at + "name", &check_name, &settings.cluster)},
      {"auth", reader.choice(at + "auth", {"local", "munge"}, {}, &settings.auth)},
      {"state_dir", reader.checked(at + "state_dir", &check_directory, &reading.config.state_dir)},
      {"controller", [&reading](const toml::node& node) { take_controller(reading, node); }},
      {"root_from_nodes", reader.flag(at + "root_from_nodes", &reading.config.root_from_nodes)},
      {"administrators", role(reading, at + "administrators", &settings.administrators)},
      {"operators", role(reading, at + "operators", &settings.operators)},
      {"read_only", role(reading, at + "read_only", &settings.readers)}};
}

std::vector<Key> keys_of_history(Reading& reading) {
  Reader& reader = reading.reader;
  Settings& settings = reading.config.settings;
  const std::string at = "history.";
  return {{"keep_in_memory", reader.span(at + "keep_in_memory", seconds(0), minutes(7 * 1440),
                                         &settings.history_keep)},
          {"jobs_in_memory",
           reader.number(at + "jobs_in_memory", 0, history_jobs_max, &settings.history_jobs)},
          {"checkpoint_facts", reader.number(at + "checkpoint_facts", 1, history_jobs_max,
                                             &reading.config.checkpoint_facts)}};
}

}  // namespace

std::vector<Key> cluster_keys(Reading& reading) {
  return {{"cluster", reading.reader.table("cluster", keys_of_cluster(reading))},
          {"history", reading.reader.table("history", keys_of_history(reading))}};
}

}  // namespace cox::config
