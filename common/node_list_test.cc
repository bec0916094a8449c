// Node lists: the notation, its limits, and that folding and expanding are inverse.
#include "common/node_list.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace cox {
namespace {

using Names = std::vector<std::string>;

TEST(NodeList, ExpandsRangesAndKeepsPadding) {
  EXPECT_EQ(*expand_node_list("n[01-03,10],gpu7"), (Names{"n01", "n02", "n03", "n10", "gpu7"}));
  EXPECT_EQ(*expand_node_list("r[1-2]n[1-2]"), (Names{"r1n1", "r1n2", "r2n1", "r2n2"}));
  EXPECT_EQ(*expand_node_list("a,a, b"), (Names{"a", "b"}));
}

TEST(NodeList, FoldsRunsAndSingleNames) {
  EXPECT_EQ(fold_node_list({"n1", "n2", "n3", "n7"}), "n[1-3,7]");
  EXPECT_EQ(fold_node_list({"n01", "n02", "x"}), "n[01-02],x");
  EXPECT_EQ(fold_node_list({"n7"}), "n7");
  EXPECT_EQ(fold_node_list({"n9", "n10"}), "n[9-10]");
  EXPECT_EQ(fold_node_list({}), "");
}

TEST(NodeList, FoldsTaskCounts) {
  EXPECT_EQ(fold_counts({2, 2, 2, 1}), "2(x3),1");
  EXPECT_EQ(fold_counts({4}), "4");
}

TEST(NodeList, NamesThePartAtFault) {
  EXPECT_NE(expand_node_list("a,n[3-1]").error().message.find("3-1"), std::string::npos);
  EXPECT_FALSE(expand_node_list("n[1-"));
  EXPECT_FALSE(expand_node_list("n1]"));
  EXPECT_FALSE(expand_node_list("a,,b"));
  EXPECT_FALSE(expand_node_list("a b"));
  EXPECT_FALSE(expand_node_list(""));
  EXPECT_FALSE(expand_node_list("n[+1]"));
}

// Trap 10: an expression that expands to billions must not be expanded.
TEST(NodeList, Trap10_a_list_of_billions_is_refused_unexpanded) {
  EXPECT_FALSE(expand_node_list("n[0-4000000000]"));
  EXPECT_FALSE(expand_node_list("n[0-18446744073709551615]"));
  EXPECT_FALSE(expand_node_list("n[0-99999][0-99999][0-99999][0-99999]"));
  EXPECT_FALSE(expand_node_list("n[1-150000],m[1-150000]"));
  EXPECT_FALSE(expand_node_list("n[0-99999999999999999999999]"));
}

TEST(NodeList, FoldThenExpandIsTheSameList) {
  EXPECT_TRUE(rc::check([] {
    const auto name =
        rc::gen::map(rc::gen::tuple(rc::gen::element<std::string>("n", "gpu", "r1-n", "x."),
                                    rc::gen::inRange(0, 120), rc::gen::inRange(0, 5)),
                     [](const std::tuple<std::string, int, int>& t) {
                       std::string digits = std::to_string(std::get<1>(t));
                       const auto width = static_cast<std::size_t>(std::get<2>(t));
                       if (digits.size() < width) {
                         digits.insert(0, width - digits.size(), '0');
                       }
                       return std::get<0>(t) + digits;
                     });
    const auto drawn = *rc::gen::container<Names>(name);
    Names names;
    std::set<std::string> seen;
    for (const auto& n : drawn) {
      if (seen.insert(n).second) {
        names.push_back(n);
      }
    }
    if (!names.empty()) {
      RC_ASSERT(*expand_node_list(fold_node_list(names)) == names);
    }
  }));
}

TEST(NodeList, ArbitraryTextNeverCrashes) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    const auto result = expand_node_list(text, 1000);
    if (result) {
      RC_ASSERT(result->size() <= 1000U);
    }
  }));
}

}  // namespace
}  // namespace cox
