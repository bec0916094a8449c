// [[account]] and [[qos]]: who has which share, and what may be more urgent.
#include <algorithm>
#include <memory>

#include "config/reading.h"
#include "config/texts.h"

namespace cox::config {
namespace {

constexpr std::int64_t shares_max = 1'000'000;
constexpr std::int64_t priority_max = 1'000'000;
constexpr const char* root = "root";

/// users = { ada = 2, max = 1 }
void take_users(Reading& reading, const toml::node& node, AccountSettings* to) {
  const std::string key = "account.users";
  const auto* users = node.as_table();
  if (users == nullptr) {
    return reading.reader.complain(
        node.source(), key, type_text(node.type()) + " where { USER = SHARES, ... } is needed");
  }
  if (users->size() > static_cast<std::size_t>(settings_users_max)) {
    return reading.reader.complain(node.source(), key,
                                   std::to_string(users->size()) + " users are over the limit of " +
                                       std::to_string(settings_users_max));
  }
  for (const auto& [name, value] : *users) {
    UserShares user{std::string(name.str()), 1};
    if (const std::string wrong = check_user(user.user); !wrong.empty()) {
      reading.reader.complain(name.source(), key, wrong);
      continue;
    }
    check_account_user(reading, name.source(), key, user.user);
    reading.reader.number(key, 0, shares_max, &user.shares)(value);
    to->users.push_back(std::move(user));
  }
  std::ranges::sort(to->users, {}, &UserShares::user);
}

void take_account(Reading& reading, Names& names, const toml::table& table) {
  AccountSettings account;
  Reader& reader = reading.reader;
  reader.read(table, "account",
              {{"name", reader.checked("account.name", &check_name, &account.name)},
               {"parent", reader.checked("account.parent", &check_name, &account.parent)},
               {"shares", reader.number("account.shares", 0, shares_max, &account.shares)},
               {"users", [&reading, &account](const toml::node& node) {
                  take_users(reading, node, &account);
                }}});
  if (account.name == root) {
    return reader.complain(table.source(), "account.name", "\"root\" is above all accounts");
  }
  if (!names.take(reading, account.name, table)) return;
  reading.config.settings.accounts.push_back(account);
  const toml::node* parent = table.get("parent");
  if (parent == nullptr) return;
  const toml::source_region place = parent->source();
  reading.afterwards.emplace_back([&reading, &names, place, name = account.parent] {
    if (name == root || names.has(name)) return;
    reading.reader.complain(place, "account.parent",
                            "no account \"" + name + "\"" + names.nearest_text(name));
  });
}

/// An account that is its own ancestor.
void check_rings(Reading& reading, const toml::source_region& place) {
  const auto& accounts = reading.config.settings.accounts;
  const auto parent_of = [&accounts](const std::string& name) {
    const auto found = std::ranges::find(accounts, name, &AccountSettings::name);
    return found == accounts.end() ? std::string(root) : found->parent;
  };
  std::size_t looks = accounts.size() * 64;  // deeper trees are refused with the rings
  for (const AccountSettings& account : accounts) {
    std::string above = account.parent;
    std::size_t depth = 0;
    while (above != root && above != account.name && depth++ < 64 && looks-- > 0) {
      above = parent_of(above);
    }
    if (above == root) continue;
    return reading.reader.complain(place, "account.parent",
                                   '"' + account.name + "\" is below itself, or 64 levels deep");
  }
}

void take_qos(Reading& reading, Names& names, const toml::table& table) {
  QosSettings qos;
  Reader& reader = reading.reader;
  reader.read(table, "qos",
              {{"name", reader.checked("qos.name", &check_name, &qos.name)},
               {"priority", reader.number("qos.priority", 0, priority_max, &qos.priority)}});
  if (names.take(reading, qos.name, table)) reading.config.settings.qos.push_back(std::move(qos));
}

}  // namespace

std::vector<Key> account_keys(Reading& reading) {
  const auto accounts = std::make_shared<Names>("account");
  const auto qos = std::make_shared<Names>("qos");
  const auto take_accounts = reading.reader.tables(
      "account",
      [&reading, accounts](const toml::table& table) { take_account(reading, *accounts, table); });
  const auto take_all = [&reading, take_accounts, accounts](const toml::node& node) {
    take_accounts(node);
    // Also keeps the names for the checks before it.
    reading.afterwards.emplace_back(
        [&reading, accounts, place = node.source()] { check_rings(reading, place); });
  };
  return {{"account", take_all},
          {"qos", reading.reader.tables("qos", [&reading, qos](const toml::table& table) {
             take_qos(reading, *qos, table);
           })}};
}

}  // namespace cox::config
