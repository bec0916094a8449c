// Ranks against the definition: of two users the one whose branch is due more, where their branches
// part, stands above.
#include "core/fairshare/fair_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/fairshare/share_lines.h"
#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using namespace cox::testing;

void use(State& state, const std::string& account, Uid uid, std::uint64_t charged) {
  state.record.usage.of[{account, uid}] = {"u" + std::to_string(uid), charged, 0};
}

std::uint32_t above(const State& state, const std::string& account, Uid uid) {
  return FairTree(state).rank({account, uid}).value().above;
}

TEST(FairTree, WithoutAccountsWhoUsedLessIsDueMore) {
  State state;
  use(state, "", 1, 500);
  use(state, "", 2, 100);
  use(state, "", 3, 0);
  use(state, "", 4, 500);
  EXPECT_EQ(above(state, "", 3), 0U);
  EXPECT_EQ(above(state, "", 2), 1U);
  EXPECT_EQ(above(state, "", 1), 2U);
  EXPECT_EQ(above(state, "", 4), 2U);  // equals share a place
  EXPECT_EQ(FairTree(state).rank({"", 1})->of, 4U);
  EXPECT_FALSE(FairTree(state).rank({"", 5}).has_value());
}

TEST(FairTree, AnAccountStandsBeforeItsUsers) {
  State state;
  state.record.settings.accounts = {{"chem", "root", 10, {}}, {"physics", "root", 30, {}}};
  use(state, "chem", 1, 0);  // used nothing, in an account that used its share
  use(state, "chem", 2, 100);
  use(state, "physics", 3, 200);
  EXPECT_EQ(above(state, "physics", 3), 0U);
  EXPECT_EQ(above(state, "chem", 1), 1U);
  EXPECT_EQ(above(state, "chem", 2), 2U);
}

TEST(FairTree, SharesWeighUsersOfOneAccount) {
  State state;
  state.record.settings.accounts = {{"physics", "root", 1, {{"u1", 3}, {"u2", 1}, {"u3", 0}}}};
  use(state, "physics", 1, 299);
  use(state, "physics", 2, 100);
  use(state, "physics", 3, 0);
  EXPECT_EQ(above(state, "physics", 1), 0U);
  EXPECT_EQ(above(state, "physics", 2), 1U);
  EXPECT_EQ(above(state, "physics", 3), 2U);  // no shares: nothing is due
}

TEST(FairTree, EveryLineOfTheTreeStandsUnderItsParent) {
  State state;
  state.record.settings.accounts = {{"chem", "root", 10, {}}, {"physics", "root", 30, {{"u3", 2}}}};
  use(state, "chem", 1, 100);
  use(state, "chem", 2, 50);
  use(state, "physics", 3, 200);
  const auto lines = share_lines(state);
  ASSERT_EQ(lines.size(), 6U);
  std::vector<std::string> names;
  for (const ShareLine& line : lines) {
    names.push_back(std::to_string(line.depth) + line.account + "/" + line.user);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"0/", "1physics/", "2physics/u3", "1chem/", "2chem/u2",
                                             "2chem/u1"}));
  EXPECT_EQ(lines[0].usage, 350U);
  EXPECT_EQ(lines[1].shares, 30U);
  EXPECT_EQ(lines[1].shares_beside, 40U);
  EXPECT_EQ(lines[1].usage_beside, 350U);
  EXPECT_EQ(lines[2].shares, 2U);
  EXPECT_EQ(lines[4].usage, 50U);
  EXPECT_EQ(lines[4].usage_beside, 150U);
  EXPECT_EQ(lines[4].rank->above, 1U);
  EXPECT_EQ(lines[4].rank->of, 3U);
  EXPECT_FALSE(lines[3].rank.has_value());
}

/// What the definition looks at: a name for each branch from the root to the user.
struct Path {
  std::vector<std::string> names;  // of accounts, from the root on
  Association who;
};

std::uint64_t usage_below(const State& state,
                          const std::vector<Path>& paths,
                          std::size_t depth,
                          const Path& like) {
  std::uint64_t sum = 0;
  for (const Path& one : paths) {
    const bool is_below =
        depth < like.names.size()
            ? one.names.size() > depth &&
                  std::equal(one.names.begin(),
                             one.names.begin() + static_cast<std::ptrdiff_t>(depth) + 1,
                             like.names.begin())
            : one.who == like.who;
    if (is_below) sum += state.record.usage.of.at(one.who).charged;
  }
  return sum;
}

std::uint64_t shares_at(const State& state, std::size_t depth, const Path& path) {
  const auto& accounts = state.record.settings.accounts;
  const auto account_named = [&](const std::string& name) {
    return *std::ranges::find(accounts, name, &AccountSettings::name);
  };
  if (depth < path.names.size()) return account_named(path.names[depth]).shares;
  if (path.names.empty()) return 1;
  const AccountSettings account = account_named(path.names.back());
  const std::string user = "u" + std::to_string(path.who.uid);
  const auto found = std::ranges::find(account.users, user, &UserShares::user);
  return found == account.users.end() ? 1 : found->shares;
}

/// 1: `a` stands above, -1: `b`, 0: the definition does not say.
int compare(const State& state, const std::vector<Path>& paths, const Path& a, const Path& b) {
  std::size_t depth = 0;
  while (depth < a.names.size() && depth < b.names.size() && a.names[depth] == b.names[depth]) {
    ++depth;
  }
  const std::uint64_t a_shares = shares_at(state, depth, a), b_shares = shares_at(state, depth, b);
  if (a_shares == 0 || b_shares == 0) return a_shares > b_shares ? 1 : a_shares < b_shares ? -1 : 0;
  const std::uint64_t left = a_shares * usage_below(state, paths, depth, b);
  const std::uint64_t right = b_shares * usage_below(state, paths, depth, a);
  return left > right ? 1 : left < right ? -1 : 0;
}

TEST(FairTreeProperty, RanksAreThoseOfTheDefinition) {
  int decided = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Dice dice(seed);
    State state;
    std::vector<std::vector<std::string>> ways{{}};  // to each account, the root first
    for (std::uint32_t i = 0; i < dice.small(6); ++i) {
      std::vector<std::string> way = ways[dice.roll(ways.size())];
      AccountSettings account{
          "a" + std::to_string(i), way.empty() ? "root" : way.back(), dice.small(4), {}};
      for (Uid uid = 0; uid < 4; ++uid) {
        if (dice.chance(50)) account.users.push_back({"u" + std::to_string(uid), dice.small(4)});
      }
      way.push_back(account.name);
      state.record.settings.accounts.push_back(account);
      ways.push_back(way);
    }
    std::vector<Path> paths;
    for (const auto& way : ways) {
      for (Uid uid = 0; uid < 4; ++uid) {
        if (dice.chance(40)) continue;
        paths.push_back({way, {way.empty() ? "" : way.back(), uid}});
        use(state, paths.back().who.account, uid, dice.small(5));
      }
    }
    const FairTree tree(state);
    for (const Path& a : paths) {
      for (const Path& b : paths) {
        const int order = compare(state, paths, a, b);
        if (order <= 0) continue;
        ++decided;
        ASSERT_LT(tree.rank(a.who)->above, tree.rank(b.who)->above) << "seed " << seed;
      }
    }
  }
  EXPECT_GT(decided, 5000);
}

}  // namespace
}  // namespace cox::core
