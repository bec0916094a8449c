// The figures by their definitions, and how they are written.
#include "sim/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/options.h"
#include "sim/progress_bar.h"

namespace cox::sim {
namespace {

Outcome outcome(std::int64_t number,
                std::int64_t user,
                std::int64_t group,
                std::int64_t wait,
                std::int64_t run,
                std::uint32_t processors) {
  return {0, wait, wait + run, processors, number, user, group, {0}};
}

/// User 1 used 100 x 4, user 2 50 x 2 in two jobs, user 3 10 x 1.
std::vector<Outcome> three_users() {
  return {outcome(1, 1, 1, 0, 100, 4), outcome(2, 2, 1, 100, 50, 1), outcome(3, 2, 2, 150, 50, 1),
          outcome(4, 3, 2, 30, 10, 1)};
}

TEST(Figures, FairnessIsJainsIndexOfTheUsersMeanSlowdowns) {
  // Slowdowns: 1; 3 and 4, on average 3.5; 4.
  const double sum = 1 + 3.5 + 4;
  EXPECT_DOUBLE_EQ(*fairness_of(three_users()), sum * sum / (3 * (1 + 3.5 * 3.5 + 16)));
  EXPECT_DOUBLE_EQ(*fairness_of({outcome(1, 1, 1, 5, 10, 1), outcome(2, 2, 1, 5, 10, 1)}), 1);
}

TEST(Figures, OneUserOrNobodyIsNeitherFairNorUnfair) {
  EXPECT_FALSE(fairness_of({}));
  EXPECT_FALSE(fairness_of({outcome(1, 1, 1, 5, 10, 1), outcome(2, 1, 1, 5, 10, 1)}));
  EXPECT_FALSE(fairness_of({outcome(1, -1, 1, 5, 10, 1), outcome(2, 1, 1, 5, 10, 1)}));
}

TEST(Groups, WhoUsedMostComesFirst) {
  const auto users = groups_of(three_users(), By::user, 4);
  ASSERT_EQ(users.size(), 3U);
  EXPECT_EQ(users[0].name, "u1");
  EXPECT_EQ(users[1].name, "u2");
  EXPECT_EQ(users[1].figures.jobs, 2U);
  EXPECT_DOUBLE_EQ(users[1].figures.mean_wait_s, 125);
  EXPECT_EQ(users[1].figures.max_wait_s, 150);
  EXPECT_DOUBLE_EQ(users[1].figures.mean_bounded_slowdown, 3.5);
  EXPECT_DOUBLE_EQ(users[0].share, 400.0 / 510);
  const auto accounts = groups_of(three_users(), By::account, 4);
  ASSERT_EQ(accounts.size(), 2U);
  EXPECT_EQ(accounts[0].name, "g1");
  EXPECT_EQ(accounts[0].figures.jobs, 2U);
  EXPECT_TRUE(groups_of(three_users(), By::nobody, 4).empty());
}

TEST(Groups, BehindTheLimitAreSummedUp) {
  const auto shown = shown_groups(three_users(), By::user, 4, 1);
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[1].name, "2 others");
  EXPECT_EQ(shown[1].figures.jobs, 3U);
  EXPECT_NEAR(shown[0].share + shown[1].share, 1, 1e-12);
  EXPECT_EQ(shown_groups(three_users(), By::user, 4, 0).size(), 3U);
  EXPECT_EQ(shown_groups(three_users(), By::user, 4, 3).size(), 3U);
}

TEST(Groups, WhomTheLogDoesNotNameIsADash) {
  const auto users = groups_of({outcome(1, -1, -1, 0, 10, 1)}, By::user, 4);
  EXPECT_EQ(users[0].name, "-");
}

TEST(Leaves, AreSwitchesOfAJobsNodes) {
  std::vector<Outcome> outcomes = {outcome(1, 1, 1, 0, 1, 1), outcome(2, 1, 1, 0, 1, 1)};
  outcomes[0].nodes = {0, 1};
  outcomes[1].nodes = {1, 2, 3, 4};
  const std::vector<SwitchSettings> switches = {
      {"s1", "n[1-2]", ""}, {"s2", "n3", ""}, {"top", "", "s1,s2"}};
  const std::vector<std::string> names = {"n1", "n2", "n3", "n4", "n5"};
  EXPECT_DOUBLE_EQ(*mean_leaves(outcomes, names, switches), (1.0 + 4.0) / 2);
  EXPECT_FALSE(mean_leaves(outcomes, names, {}));
}

TEST(Report, TheTableHasALineForEachGroup) {
  const auto groups = groups_of(three_users(), By::user, 4);
  const std::string text = to_text(figures_of(three_users(), 4), By::user, groups);
  EXPECT_NE(text.find("fairness               0.8"), std::string::npos) << text;
  EXPECT_NE(text.find("\nuser "), std::string::npos);
  EXPECT_NE(text.find("\nu2 "), std::string::npos);
  for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
    end = text.find('\n', at);
    EXPECT_LE(end - at, 90U);
  }
  EXPECT_NE(to_text(figures_of({}, 4), By::nobody, {}).find("fairness               -"),
            std::string::npos);
}

TEST(Report, TheDocumentHasEverything) {
  SwfLog log;
  log.note_bad(7, "no run time");
  Figures figures = figures_of(three_users(), 4);
  figures.mean_leaves = 1.5;
  const auto groups = groups_of(three_users(), By::account, 4);
  const auto read = nlohmann::json::parse(to_json(figures, By::account, groups, log.bad));
  EXPECT_EQ(read["jobs"], 4);
  EXPECT_EQ(read["mean_leaves"], 1.5);
  EXPECT_TRUE(read["fairness"].is_number());
  EXPECT_EQ(read["accounts"].size(), 2U);
  EXPECT_EQ(read["accounts"][0]["name"], "g1");
  EXPECT_EQ(read["accounts"][0]["jobs"], 2);
  EXPECT_EQ(read["unused_lines"][0]["reason"], "no run time");
  EXPECT_EQ(read["unused_lines"][0]["first_lines"][0], 7);
  const auto plain = nlohmann::json::parse(to_json(figures_of({}, 4), By::nobody, {}, {}));
  EXPECT_TRUE(plain["fairness"].is_null());
  EXPECT_FALSE(plain.contains("users"));
}

TEST(Report, CsvHasALineForEachJob) {
  std::vector<Outcome> outcomes = {outcome(17, 2, -1, 100, 50, 3)};
  outcomes[0].nodes = {0, 1, 3};
  EXPECT_EQ(to_csv(outcomes, {"n1", "n2", "n3", "n4"}),
            "id,user,account,submit_s,start_s,end_s,wait_s,slowdown,nodes,cores,node_list\n"
            "17,u2,-,0,100,150,100,3.000,3,3,\"n[1-2,4]\"\n");
}

TEST(Report, LinesThatAreNotUsedAreNamed) {
  SwfLog log;
  for (std::size_t line = 1; line <= 7; ++line) log.note_bad(line, "not a number");
  log.note_bad(9, "no run time");
  EXPECT_EQ(unused_text(log.bad, "a.swf"),
            "coxsim: a.swf: 1 line not used: no run time (line 9)\n"
            "coxsim: a.swf: 7 lines not used: not a number (lines 1, 2, 3, 4, 5, ...)\n");
}

TEST(ProgressBar, FillsUp) {
  EXPECT_EQ(progress_text(0, 10), "[" + std::string(40, ' ') + "] 0 of 10 jobs");
  EXPECT_EQ(progress_text(5, 10),
            "[" + std::string(20, '#') + std::string(20, ' ') + "] 5 of 10 jobs");
  EXPECT_EQ(progress_text(10, 10), "[" + std::string(40, '#') + "] 10 of 10 jobs");
}

Result<Options> parsed(std::vector<std::string> words) {
  words.insert(words.begin(), "coxsim");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), argv.data());
}

TEST(Options, AreReadAndChecked) {
  const auto options = parsed({"a.swf", "--by", "user", "--limit", "3", "--csv=x", "--nodes", "7",
                               "--topology", "core:4 pu:1"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->by, By::user);
  EXPECT_EQ(options->limit, 3U);
  EXPECT_EQ(options->csv, "x");
  EXPECT_EQ(options->shape.nodes, 7U);
  const std::vector<std::vector<std::string>> wrong = {
      {"a.swf", "--by", "job"},
      {"a.swf", "--limit", "-1"},
      {"a.swf", "--limit", "x"},
      {"a.swf", "--csv="},
      {"a.swf", "--picture="},
      {"a.swf", "--topology="},
      {"a.swf", "--nodes", "7x2", "--topology", "core:4 pu:1"}};
  for (const auto& words : wrong) {
    const auto refused = parsed(words);
    ASSERT_FALSE(refused) << words[1];
    EXPECT_NE(refused.error().message.find(words[1].substr(0, words[1].find('='))),
              std::string::npos)
        << refused.error().message;
  }
}

TEST(Machine, IsWhatTheTopologySays) {
  const auto kind = read_topology("package:2 numa:1 core:3 pu:2");
  ASSERT_TRUE(kind) << kind.error().message;
  EXPECT_EQ(kind->node_class.cores.size(), 6U);
  EXPECT_EQ(kind->node_class.packages, 2);
  const auto nodes = make_nodes(12, *kind);
  EXPECT_EQ(nodes[11].name, "n12");
  EXPECT_EQ(nodes[0].node_class, nodes[11].node_class);
  EXPECT_FALSE(nodes[0].node_class.hash.empty());
  for (const std::string text : {"", "core:x", "/no/such/file.xml"}) {
    EXPECT_FALSE(read_topology(text)) << text;
  }
}

TEST(Machine, HasAsManyNodesAsTheProcessorsNeed) {
  EXPECT_EQ(shape_for(100, 1)->nodes, 100U);
  EXPECT_EQ(shape_for(100, 16)->nodes, 7U);
  EXPECT_FALSE(shape_for(std::int64_t{1} << 40, 16));
}

}  // namespace
}  // namespace cox::sim
