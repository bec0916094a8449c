// Words for bindings and distributions, and which rank stands where.
#include "model/bind_request.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace cox {
namespace {

using Ranks = std::vector<std::vector<std::uint32_t>>;

TEST(BindRequest, is_written_as_it_was_read) {
  for (const char* text :
       {"auto", "none", "core", "l3", "numa", "socket", "gpu", "list:0-3/5,7/2"}) {
    const auto bind = parse_bind(text);
    ASSERT_TRUE(bind) << text;
    EXPECT_EQ(to_text(*bind), text);
  }
  EXPECT_EQ(to_text(BindRequest{}), "");
}

TEST(Distribution, is_written_as_it_was_read) {
  for (const char* text : {"block", "cyclic", "plane=7"}) {
    const auto distribution = parse_distribution(text);
    ASSERT_TRUE(distribution) << text;
    EXPECT_EQ(to_text(*distribution), text);
  }
  EXPECT_EQ(to_text(Distribution{}), "");
  for (const char* text :
       {"", "plane", "plane=0", "plane=x", "plane=1000001", "Block", "cyclic:2"}) {
    const auto distribution = parse_distribution(text);
    ASSERT_FALSE(distribution) << text;
    EXPECT_EQ(distribution.error().message.find(text), 0U) << distribution.error().message;
  }
}

TEST(Distribution, deals_ranks_to_nodes) {
  const std::vector<std::uint32_t> counts{3, 1, 2};
  EXPECT_EQ(deal_ranks(counts, {}), (Ranks{{0, 1, 2}, {3}, {4, 5}}));
  EXPECT_EQ(deal_ranks(counts, {DistributionKind::block, 0}), deal_ranks(counts, {}));
  EXPECT_EQ(deal_ranks(counts, {DistributionKind::cyclic, 0}), (Ranks{{0, 3, 5}, {1}, {2, 4}}));
  EXPECT_EQ(deal_ranks(counts, {DistributionKind::plane, 2}), (Ranks{{0, 1, 5}, {2}, {3, 4}}));
  EXPECT_EQ(deal_ranks({}, {DistributionKind::cyclic, 0}), Ranks{});
}

RC_GTEST_PROP(Distribution, every_rank_stands_once_and_in_order, ()) {
  const auto counts = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0U, 9U));
  const auto kind = static_cast<DistributionKind>(*rc::gen::inRange(0, 4));
  const Ranks ranks = deal_ranks(counts, {kind, *rc::gen::inRange(1U, 5U)});
  std::vector<std::uint32_t> all;
  for (std::size_t node = 0; node < counts.size(); ++node) {
    RC_ASSERT(ranks[node].size() == counts[node]);
    RC_ASSERT(std::is_sorted(ranks[node].begin(), ranks[node].end()));
    all.insert(all.end(), ranks[node].begin(), ranks[node].end());
  }
  std::sort(all.begin(), all.end());
  for (std::uint32_t rank = 0; rank < all.size(); ++rank) RC_ASSERT(all[rank] == rank);
}

}  // namespace
}  // namespace cox
