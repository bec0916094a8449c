// One file being read: what its parts share. Each part reads its tables and notes what can only be
// checked when all of them are known.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace cox::config {

struct Reading {
  Config config;
  Reader reader;
  std::vector<std::function<void()>> afterwards;              // checks between tables
  std::unordered_map<std::string, std::uint32_t> node_lines;  // nodes of tables, with their lines
  const UserNames* users = nullptr;

  bool has_complaints() const { return !reader.complaints().empty(); }
};

/// The names of tables of one kind, to find the nearest right one and the double one.
class Names {
 public:
  explicit Names(std::string kind) : kind_(std::move(kind)) {}

  /// Complains of a table without a name and of a name that is there already.
  bool take(Reading& reading, const std::string& name, const toml::table& table);

  bool has(const std::string& name) const { return known_.contains(name); }

  /// "; did you mean \"x\"?", or nothing.
  std::string nearest_text(const std::string& name) const;

 private:
  std::string kind_;
  std::map<std::string, std::uint32_t> known_;  // with the line of its table
};

// Each gives the keys at the top of the file that it reads.
std::vector<Key> cluster_keys(Reading& reading);    // [cluster], [history]
std::vector<Key> schedule_keys(Reading& reading);   // [scheduling], [priority]
std::vector<Key> account_keys(Reading& reading);    // [[account]], [[qos]]
std::vector<Key> fleet_keys(Reading& reading);      // [[node]], [[switch]], [[license]]
std::vector<Key> program_keys(Reading& reading);    // [programs]
std::vector<Key> partition_keys(Reading& reading);  // [[partition]]

/// Complains of nodes of a partition whose jobs take turns that are in another one, too. `places`:
/// where each partition names its nodes, in their order.
void check_turns(Reading& reading, const std::vector<toml::source_region>& places);
/// The number of a user who is to have a role; uid_nobody for one who is not known, who has none.
Uid role_user(Reading& reading,
              const toml::source_region& place,
              const std::string& key,
              const std::string& name);
/// Warns of a user whom an account lists and nobody knows.
void check_account_user(Reading& reading,
                        const toml::source_region& place,
                        const std::string& key,
                        const std::string& name);

/// Whether the nodes that `list` names are in tables of nodes, where there are any.
void check_known_nodes(Reading& reading,
                       const toml::source_region& place,
                       const std::string& key,
                       const std::string& list);

}  // namespace cox::config
