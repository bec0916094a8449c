// See fair_tree.h. Siblings are ordered by shares / usage: the sums over all siblings cancel out.
#include "core/fairshare/fair_tree.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/fairshare/share_lines.h"

namespace cox::core {
namespace {

__extension__ typedef unsigned __int128 Wide;

/// An account with what is below it, or a user of one.
struct Branch {
  const std::string* name = nullptr;  // of an account
  const Association* who = nullptr;   // of a user
  std::uint64_t shares = 1;
  std::uint64_t usage = 0;
  std::vector<std::size_t> below;
};

/// `a` is due more than `b`. Without shares nothing is due.
bool is_due_more(const Branch& a, const Branch& b) {
  if (a.shares == 0 || b.shares == 0) return a.shares > b.shares;
  return Wide{a.shares} * b.usage > Wide{b.shares} * a.usage;
}

class Growing {
 public:
  explicit Growing(const State& state)
      : state_(state), settings_(state.record.settings), branches_(1) {
    for (const AccountSettings& account : settings_.accounts) {
      place_of_[account.name] = branches_.size();
      Branch& branch = branches_.emplace_back();
      branch.name = &account.name;
      branch.shares = account.shares;
    }
    for (const AccountSettings& account : settings_.accounts) {
      const auto parent = place_of_.find(account.parent);
      const std::size_t above = parent == place_of_.end() ? 0 : parent->second;
      branches_[above].below.push_back(place_of_.at(account.name));
    }
    for (const auto& [who, usage] : state.record.usage.of) add_user(who, usage);
    sum_up(0);
  }

  std::map<Association, std::uint32_t> ranks() {
    walk(0);
    return std::move(ranks_);
  }

  std::vector<ShareLine> share_lines() {
    walk(0);
    std::vector<ShareLine> lines;
    add_lines(0, {}, &lines);
    return lines;
  }

 private:
  /// A user of an account that is not configured (any more) stands beside the accounts.
  void add_user(const Association& who, const AssociationUsage& usage) {
    const auto account = place_of_.find(who.account);
    const std::size_t above = account == place_of_.end() ? 0 : account->second;
    Branch leaf;
    leaf.who = &who;
    leaf.usage = usage.charged;
    if (above != 0) leaf.shares = shares_of(settings_.accounts[above - 1], usage.user);
    branches_[above].below.push_back(branches_.size());
    branches_.push_back(std::move(leaf));
  }

  static std::uint32_t shares_of(const AccountSettings& account, const std::string& user) {
    const auto found = std::ranges::find(account.users, user, &UserShares::user);
    return found == account.users.end() ? 1 : found->shares;
  }

  std::uint64_t sum_up(std::size_t at) {
    for (const std::size_t one : branches_[at].below) branches_[at].usage += sum_up(one);
    return branches_[at].usage;
  }

  void walk(std::size_t at) {
    std::vector<std::size_t>& below = branches_[at].below;
    std::ranges::sort(below, [this](std::size_t a, std::size_t b) { return comes_first(a, b); });
    const Branch* last = nullptr;  // the user before, and its rank
    std::uint32_t rank = 0;
    for (const std::size_t one : below) {
      const Branch& branch = branches_[one];
      if (branch.who == nullptr) {
        walk(one);
        last = nullptr;
        continue;
      }
      if (last == nullptr || is_due_more(*last, branch)) rank = ranked_;
      ranks_.emplace(*branch.who, rank);
      ++ranked_;
      last = &branch;
    }
  }

  /// `above`: the line of the parent.
  void add_lines(std::size_t at, const ShareLine& above, std::vector<ShareLine>* to) const {
    const Branch& branch = branches_[at];
    ShareLine line = above;
    if (branch.name != nullptr) line.account = *branch.name;
    line.shares = branch.shares;
    line.usage = branch.usage;
    if (branch.who != nullptr) {
      line.account = branch.who->account;
      line.user = state_.record.usage.of.at(*branch.who).user;
      line.rank = FairRank{ranks_.at(*branch.who), static_cast<std::uint32_t>(ranks_.size())};
    }
    to->push_back(line);
    ShareLine below;
    below.account = line.account;
    below.depth = line.depth + 1;
    for (const std::size_t one : branch.below) {
      below.shares_beside += branches_[one].shares;
      below.usage_beside += branches_[one].usage;
    }
    for (const std::size_t one : branch.below) add_lines(one, below, to);
  }

  bool comes_first(std::size_t a, std::size_t b) const {
    const Branch& first = branches_[a];
    const Branch& second = branches_[b];
    if (is_due_more(first, second)) return true;
    if (is_due_more(second, first)) return false;
    if ((first.who != nullptr) != (second.who != nullptr)) return first.who != nullptr;
    return first.who != nullptr ? *first.who < *second.who : *first.name < *second.name;
  }

  const State& state_;
  const Settings& settings_;
  std::map<std::string, std::size_t> place_of_;  // of accounts, in branches_
  std::vector<Branch> branches_;                 // the root comes first
  std::map<Association, std::uint32_t> ranks_;
  std::uint32_t ranked_ = 0;
};

}  // namespace

std::vector<ShareLine> share_lines(const State& state) {
  return Growing(state).share_lines();
}

FairTree::FairTree(const State& state) : above_(Growing(state).ranks()) {}

std::optional<FairRank> FairTree::rank(const Association& who) const {
  const auto found = above_.find(who);
  if (found == above_.end()) return std::nullopt;
  return FairRank{found->second, static_cast<std::uint32_t>(above_.size())};
}

}  // namespace cox::core
