// See membership.h.
#include "core/job/membership.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/text.h"

namespace cox::core {
namespace {

bool lists(const AccountSettings& account, const std::string& user) {
  return std::ranges::find(account.users, user, &UserShares::user) != account.users.end();
}

/// "; did you mean "physics"?", or what there is.
template <class Table>
std::string known_text(const Table& table, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& one : table) names.push_back(one.name);
  const auto close = nearest(name, names);
  if (close) return "; did you mean " + quoted(*close) + "?";
  return names.empty() ? " (none is configured)" : " (there are: " + join(names, ", ") + ")";
}

std::string default_account(const Settings& settings, const std::string& user) {
  const auto& all = settings.accounts;
  auto found = std::ranges::find_if(all, [&](const auto& one) { return lists(one, user); });
  if (found == all.end()) {
    found = std::ranges::find_if(all, [](const auto& one) { return one.users.empty(); });
  }
  return found == all.end() ? std::string() : found->name;
}

/// Charges go to the account, which lists the user or nobody.
bool has_place(const Settings& settings, const JobCommon& common) {
  const auto found = std::ranges::find(settings.accounts, common.account, &AccountSettings::name);
  return found != settings.accounts.end() &&
         (found->users.empty() || lists(*found, common.user.name));
}

bool has_qos(const Settings& settings, const std::string& name) {
  return std::ranges::find(settings.qos, name, &QosSettings::name) != settings.qos.end();
}

Result<void> check_account(const Settings& settings,
                           const std::string& name,
                           const std::string& user) {
  const auto found = std::ranges::find(settings.accounts, name, &AccountSettings::name);
  if (found == settings.accounts.end()) {
    return fail(Code::bad_usage,
                "no account " + quoted(name) + known_text(settings.accounts, name));
  }
  if (found->users.empty() || lists(*found, user)) return {};
  return fail(Code::not_permitted, "account " + quoted(name) + " does not list user " +
                                       quoted(user) + " (see: cox config show)");
}

}  // namespace

std::string orphaned_text(const Settings& before, const Settings& after, const JobCommon& common) {
  std::vector<std::string> losses;
  const bool had_place = before.accounts.empty()
                             ? !after.accounts.empty() && !common.account.empty()
                             : has_place(before, common);
  if (had_place && !has_place(after, common)) {
    const bool is_there = std::ranges::find(after.accounts, common.account,
                                            &AccountSettings::name) != after.accounts.end();
    losses.push_back("account " + quoted(common.account) +
                     (is_there ? " does not list user " + quoted(common.user.name)
                               : std::string(" is not there")) +
                     ", so they count beside the accounts");
  }
  if (has_qos(before, common.qos) && !has_qos(after, common.qos)) {
    losses.push_back("qos " + quoted(common.qos) + " is not there, so they have no points by it");
  }
  return join(losses, "; ");
}

Result<void> settle_membership(const Settings& settings, JobRequest& request) {
  const JobCommon& common = *request.common;
  if (!common.qos.empty() && !settings.qos.empty() && !has_qos(settings, common.qos)) {
    return fail(Code::bad_usage,
                "no qos " + quoted(common.qos) + known_text(settings.qos, common.qos));
  }
  if (settings.accounts.empty()) return {};
  if (!common.account.empty()) return check_account(settings, common.account, common.user.name);
  const std::string account = default_account(settings, common.user.name);
  if (!account.empty()) request.common.edit().account = account;
  return {};
}

}  // namespace cox::core
