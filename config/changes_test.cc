// What differs between two configurations, in the words of the file.
#include "config/changes.h"

#include <gtest/gtest.h>

namespace cox::config {
namespace {

TEST(Changes, OfEqualSettingsAreNone) {
  EXPECT_TRUE(changes_between(Settings{}, Settings{}).empty());
}

TEST(Changes, NameTableKeyAndBothValues) {
  Settings after;
  after.lost_after = minutes(10);
  after.partitions[0].max_time = minutes(60);
  after.partitions[0].nodes = "n[1-4]";
  EXPECT_EQ(changes_between(Settings{}, after),
            (std::vector<Change>{{"scheduling", "lost_after", "\"300s\"", "\"600s\""},
                                 {"partition batch", "max_time", "\"UNLIMITED\"", "\"1:00:00\""},
                                 {"partition batch", "nodes", "", "\"n[1-4]\""}}));
}

TEST(Changes, OfWholeTablesComeAndGo) {
  Settings before;
  before.qos = {{"urgent", 100}};
  Settings after;
  after.nodes = {{"n1", {{"rack", "a"}}, {}}};
  EXPECT_EQ(changes_between(before, after),
            (std::vector<Change>{{"qos urgent", "", "{ priority = 100 }", ""},
                                 {"node n1", "", "", "{ labels = { \"rack\" = \"a\" } }"}}));
}

TEST(Changes, OfOneWeightNameThatKeyAlone) {
  Settings after;
  after.priority_terms.age = 10;
  EXPECT_EQ(changes_between(Settings{}, after),
            (std::vector<Change>{{"priority", "age", "20000", "10"}}));
}

TEST(Changes, OfTheOrderOfTablesAreNone) {
  Settings before;
  before.partitions.push_back(before.partitions[0]);
  before.partitions[1].name = "other";
  before.partitions[1].is_default = false;
  Settings after = before;
  std::swap(after.partitions[0], after.partitions[1]);
  EXPECT_TRUE(changes_between(before, after).empty());
}

TEST(Changes, OfNodesAreToldByNodesWhicheverTablesNameThem) {
  Settings before;
  before.nodes = {{"n[1-4]", {{"rack", "a"}}, {4, 0, 0}}, {"n[5-6]", {{"rack", "b"}}, {}}};
  Settings after;
  after.nodes = {{"n[1-2]", {{"rack", "a"}}, {4, 0, 0}},
                 {"n[3-4]", {{"rack", "c"}}, {4, 0, 0}},
                 {"n5", {{"rack", "c"}}, {}},
                 {"n7", {{"rack", "b"}}, {}}};
  EXPECT_EQ(changes_between(before, after),
            (std::vector<Change>{
                {"node n[3-4]", "labels", "{ \"rack\" = \"a\" }", "{ \"rack\" = \"c\" }"},
                {"node n5", "labels", "{ \"rack\" = \"b\" }", "{ \"rack\" = \"c\" }"},
                {"node n6", "", "{ labels = { \"rack\" = \"b\" } }", ""},
                {"node n7", "", "", "{ labels = { \"rack\" = \"b\" } }"}}));
}

TEST(Changes, OfNodesThatOnlyMoveIntoAnotherTableAreNone) {
  Settings before;
  before.nodes = {{"n[1-4]", {{"rack", "a"}}, {}}};
  Settings after;
  after.nodes = {{"n[1-2]", {{"rack", "a"}}, {}}, {"n[3-4]", {{"rack", "a"}}, {}}};
  EXPECT_TRUE(changes_between(before, after).empty());
}

}  // namespace
}  // namespace cox::config
