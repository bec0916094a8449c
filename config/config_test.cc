// The file as people write it, the ways it can be wrong, and bytes that are no file at all.
#include "config/config.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "common/text.h"
#include "model/setting_keys.h"

namespace cox::config {
namespace {

std::string source_file(const std::string& name) {
  std::ifstream file(std::string(COX_SOURCE_DIR "/") + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The complaints about `text`, which must be refused; what is only warned of is left out.
std::vector<std::string> complaints(const std::string& text) {
  const auto config = parse(text, "f");
  if (config) return {"accepted"};
  EXPECT_EQ(config.error().code, Code::bad_usage);
  std::vector<std::string> lines;
  for (const auto line : split(config.error().message, '\n')) {
    if (line.find(": warning: ") == std::string_view::npos) lines.emplace_back(line);
  }
  return lines;
}

std::string complaint(const std::string& text) {
  const auto all = complaints(text);
  EXPECT_EQ(all.size(), 1U) << join(all, "\n");
  return all.at(0);
}

TEST(Config, WithoutAFileIsTheDefaults) {
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->settings, Settings{});
  EXPECT_TRUE(config->state_dir.empty());
  EXPECT_TRUE(config->listen.empty());
  EXPECT_EQ(parse("", "f")->settings, Settings{});
}

// Whoever edits what `cox config show` prints finds every key there.
TEST(Config, DefaultsAreWrittenToo) {
  const std::string text = to_toml(Settings{});
  for (const char* line :
       {"\nreservations = 64\n", "\n[priority]\nage = 20000\n", "\nfairshare = 10000\n",
        "\ncharge_device = 0\n", "\n[programs]\nprolog_timeout = \"60s\"\n", "\nweight = 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " is not in\n" << text;
  }
}

TEST(Config, OfTheSampleFileIsTheDefaults) {
  const std::string sample = source_file("etc/coxswain.toml");
  ASSERT_FALSE(sample.empty());
  const auto config = parse(sample, "etc/coxswain.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->settings, Settings{});
}

TEST(Config, EveryKeyOfTheSampleFileIsInTheManual) {
  const std::string manual = source_file("man/coxswain.toml.5");
  std::string sample;
  for (const std::string name : {"coxswain", "one-node", "sixteen-nodes", "thousand-nodes"}) {
    sample += source_file("etc/" + name + ".toml");
  }
  for (const auto line : split(sample, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string key(trim(line.substr(line[0] == '#' ? 1 : 0, equals - (line[0] == '#'))));
    const bool is_there = manual.find(".It Ic " + key + " ") != std::string::npos ||
                          manual.find(" , " + key + " ") != std::string::npos;
    EXPECT_TRUE(is_there) << key;
  }
}

TEST(Config, ReadsEveryKey) {
  const auto config = parse(R"(
[cluster]
name = "alpha"
controller = "ctl1:99"
state_dir = "/var/lib/coxswain"
auth = "munge"
[scheduling]
select = "linear"
priority = "fifo"
silent_after = "10s"
lost_after = "10m"
kill_wait = "5s"
jobs_per_user = 9
fan_out = 16

[history]
keep_in_memory = "1m"
jobs_in_memory = 7
checkpoint_facts = 8
[[partition]]
name = "batch"
nodes = "n[001-128]"
max_time = "2-0"
[[partition]]
name = "debug"
default = true
default_time = "10"
max_time = "1:00:00"
max_nodes = 64
tier = 3
cpu = "thread"
share = "nodes"
)",
                            "f");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->state_dir, "/var/lib/coxswain");
  EXPECT_EQ(config->listen, std::vector<std::string>{"ctl1:99"});
  Settings wanted;
  wanted.cluster = "alpha";
  wanted.auth = "munge";
  wanted.select = "linear";
  wanted.priority = "fifo";
  wanted.silent_after = seconds(10);
  wanted.lost_after = minutes(10);
  wanted.kill_wait = seconds(5);
  wanted.history_keep = minutes(1);
  wanted.history_jobs = 7;
  wanted.jobs_per_user = 9;
  wanted.fan_out = 16;
  EXPECT_EQ(config->checkpoint_facts, 8U);
  PartitionSettings batch;
  batch.nodes = "n[001-128]";
  batch.is_default = false;
  batch.default_time = batch.max_time = minutes(2 * 1440);
  PartitionSettings debug;
  debug.name = "debug";
  debug.default_time = minutes(10);
  debug.max_time = minutes(60);
  debug.max_nodes = 64;
  debug.tier = 3;
  debug.cpu_is_thread = debug.whole_nodes = true;
  wanted.partitions = {batch, debug};
  EXPECT_EQ(config->settings, wanted);
}

TEST(Config, RootOfANodeIsTrustedByDefaultWhereNodesHoldTheKey) {
  const auto of = [](const std::string& lines) {
    const auto config = parse("[cluster]\n" + lines, "file");
    EXPECT_TRUE(config) << lines;
    return config && config->root_from_nodes;
  };
  EXPECT_TRUE(of(""));
  EXPECT_TRUE(of("auth = \"local\"\n"));
  EXPECT_FALSE(of("auth = \"munge\"\n"));
  EXPECT_TRUE(of("root_from_nodes = true\nauth = \"munge\"\n"));
  EXPECT_FALSE(of("root_from_nodes = false\n"));
}

TEST(Config, WithoutADefaultPartitionTakesTheFirst) {
  const auto config = parse("[[partition]]\nname = 'a'\n[[partition]]\nname = 'b'\n", "f");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->settings.partitions[0].is_default);
  EXPECT_FALSE(config->settings.partitions[1].is_default);
}

TEST(Config, AnUnknownKeyIsNamedWithItsPlaceAndTheNearestRightOne) {
  EXPECT_EQ(complaint("\n[scheduling]\n  selct = 'linear'\n"),
            "f:3:3: scheduling.selct: unknown key; did you mean \"select\"?");
  EXPECT_EQ(complaint("[clutser]\n"), "f:1:2: clutser: unknown key; did you mean \"cluster\"?");
  EXPECT_EQ(complaint("zzzzzzzz = 1"), "f:1:1: zzzzzzzz: unknown key");
}

TEST(Config, AllComplaintsComeAtOnceInFileOrder) {
  EXPECT_EQ(
      complaints("[cluster]\nname = 5\nauth = 'kerberos'\n[scheduling]\nlost_after = '1x'\n"
                 "[[partition]]\nmax_nodes = -1\n"),
      (std::vector<std::string>{"f:2:8: cluster.name: an integer where a string is needed",
                                "f:3:8: cluster.auth: \"kerberos\" is none of \"local\", \"munge\"",
                                complaint("#\n#\n#\n[scheduling]\nlost_after = '1x'\n"),
                                "f:6:1: partition: has no name",
                                "f:7:13: partition.max_nodes: -1 is not between 0 and 1000000"}));
}

TEST(Config, ManyComplaintsAreCounted) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "key" + std::to_string(i) + " = 1\n";
  const auto all = complaints(text);
  ASSERT_EQ(all.size(), complaints_max + 1);
  EXPECT_EQ(all.back(), "f: 80 more");
}

/// What is said of a file that is taken.
std::vector<std::string> warnings(const std::string& text) {
  const auto config = parse(text, "f");
  if (!config) return {config.error().message};
  return config->warnings;
}

/// The tables and keys under which the manual says that they have no effect.
std::vector<std::string> without_effect(const std::string& manual) {
  std::vector<std::string> found;
  std::string place;
  for (const auto line : split(manual, '\n')) {
    if (line.starts_with(".Ss ") || line.starts_with(".It Ic ")) place = line;
    if (line.find("without effect") != std::string_view::npos) found.push_back(place);
  }
  return found;
}

TEST(Config, TheManualSaysWhichKeysHaveNoEffect) {
  const std::string manual = source_file("man/coxswain.toml.5");
  EXPECT_EQ(without_effect(manual), std::vector<std::string>{});
}

TEST(Config, NoKeyIsWithoutEffect) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(warnings("[[switch]]\nname = 'l'\nnodes = 'n1'\n"), Lines{});
  EXPECT_EQ(warnings("[scheduling]\nreservations = 64\nbackfill = 'easy'\n"
                     "[priority]\nage = 1\n[[account]]\nname = 'x'\n[[qos]]\nname = 'x'\n"
                     "[[partition]]\nname = 'a'\nweight = 100\n"),
            Lines{});
}

TEST(Config, ValuesOfACommandLineGoOverThoseOfTheFile) {
  const std::string file = "[scheduling]\nbackfill = 'easy'\nreservations = 5\n";
  const auto config =
      parse(file, "--set", {"scheduling.backfill=conservative", "cluster.name='b'"});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->settings.backfill, "conservative");
  EXPECT_EQ(config->settings.reservations, 5U);
  EXPECT_EQ(config->settings.cluster, "b");
  const auto complaint_of = [](const std::string& entry) {
    const auto made = load("", {entry});
    return made ? std::string() : made.error().message;
  };
  EXPECT_NE(complaint_of("scheduling.backfill=fast").find("scheduling.backfill"),
            std::string::npos);
  EXPECT_NE(complaint_of("scheduling.backfil=easy").find("backfil"), std::string::npos);
  EXPECT_EQ(complaint_of("easy"), "--set easy: not KEY=VALUE");
  EXPECT_EQ(complaint_of("=easy"), "--set =easy: not KEY=VALUE");
  EXPECT_EQ(complaint_of("a b=[1"),
            "--set a b=[1: not TABLE.KEY=VALUE as in the configuration file");
}

TEST(Config, WhatOnlyAStartReadsIsWrittenToo) {
  const auto config = parse(
      "[cluster]\nname = 'a'\nauth = 'munge'\ncontroller = '10.0.0.1:7000'\n"
      "state_dir = '/var/lib/a'\nroot_from_nodes = true\n[history]\ncheckpoint_facts = 5000\n",
      "f");
  ASSERT_TRUE(config) << config.error().message;
  const auto again = parse(to_toml(*config), "g");
  ASSERT_TRUE(again) << again.error().message << "\n" << to_toml(*config);
  EXPECT_EQ(again->listen, config->listen);
  EXPECT_EQ(again->listen, std::vector<std::string>{"10.0.0.1:7000"});
  EXPECT_EQ(again->state_dir, "/var/lib/a");
  EXPECT_TRUE(again->root_from_nodes);
  EXPECT_EQ(again->checkpoint_facts, 5000U);
  EXPECT_EQ(again->settings, config->settings);
}

TEST(Config, LicensesHaveANameAndATotal) {
  const auto config = parse(
      "[[license]]\nname = 'mat.lab@ctl'\ntotal = 12\n"
      "[[license]]\nname = 'none'\ntotal = 0\n",
      "f");
  ASSERT_TRUE(config) << config.error().message;
  const std::vector<LicenseSettings> expected{{"mat.lab@ctl", 12}, {"none", 0}};
  EXPECT_EQ(config->settings.licenses, expected);
  const auto again = parse(to_toml(config->settings), "g");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->settings.licenses, expected);
  EXPECT_EQ(complaint("[[license]]\ntotal = 1\n"), "f:1:1: license: has no name");
  EXPECT_EQ(complaint("[[license]]\nname = 'a'\n"), "f:1:1: license: \"a\" has no total");
  EXPECT_EQ(complaint("[[license]]\nname = 'a:2'\ntotal = 1\n"),
            "f:1:1: license.name: \"a:2\" is no name: letters, digits and -_./+@, at most 64");
  EXPECT_EQ(complaint("[[license]]\nname = 'a'\ntotal = -1\n"),
            "f:3:9: license.total: -1 is not between 0 and 1000000000");
  EXPECT_EQ(complaint("[[license]]\nname = 'a'\ntotal = 1\n[[license]]\nname = 'a'\ntotal = 1\n"),
            "f:4:1: license.name: \"a\" is there twice, first in line 1");
}

/// What is said of [[partition]] tables: "gang" takes turns on `nodes`, and the others are `rest`.
std::string turns_complaint(const std::string& nodes, const std::string& rest) {
  return complaint("[[partition]]\nname = 'gang'\nshare = 'timeslice'\n" + nodes + "\n" + rest);
}

TEST(Config, TurnsHaveRowsAndASlice) {
  const std::string table = "[[partition]]\nname = 'gang'\nshare = 'timeslice'\n";
  const auto plain = parse(table, "f");
  ASSERT_TRUE(plain) << plain.error().message;
  PartitionSettings gang;
  gang.name = "gang";
  gang.whole_nodes = true;
  gang.rows = 2;
  EXPECT_EQ(plain->settings.partitions.front(), gang);
  const auto full = parse(table + "rows = 4\nslice = '10s'\n", "f");
  ASSERT_TRUE(full) << full.error().message;
  gang.rows = 4;
  gang.slice = seconds(10);
  EXPECT_EQ(full->settings.partitions.front(), gang);
  const auto again = parse(to_toml(full->settings), "f");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->settings, full->settings);
}

TEST(Config, TurnsThatCannotBeAreRefused) {
  const std::string table = "[[partition]]\nname = 'gang'\nshare = 'timeslice'\n";
  EXPECT_EQ(complaint(table + "rows = 1\n"), "f:4:8: partition.rows: 1 is not between 2 and 16");
  EXPECT_EQ(complaint(table + "rows = 17\n"), "f:4:8: partition.rows: 17 is not between 2 and 16");
  EXPECT_EQ(complaint(table + "slice = '0s'\n"),
            "f:4:9: partition.slice: \"0s\" is not between 1s and 86400s");
  EXPECT_EQ(
      complaint("[[partition]]\nname = 'a'\nshare = 'timeslices'\n"),
      "f:3:9: partition.share: \"timeslices\" is none of \"cores\", \"nodes\", \"timeslice\"");
  EXPECT_EQ(complaint("[[partition]]\nname = 'a'\nrows = 4\n"),
            "f:3:8: partition.rows: goes with share = \"timeslice\", and the share is \"cores\"");
  EXPECT_EQ(complaint("[[partition]]\nname = 'a'\nslice = '5s'\nshare = 'nodes'\n"),
            "f:3:9: partition.slice: goes with share = \"timeslice\", and the share is \"nodes\"");
}

TEST(Config, NodesWhereJobsTakeTurnsAreInNoOtherPartition) {
  const std::string tail = ", where jobs take turns: such nodes are in no other";
  EXPECT_EQ(turns_complaint("nodes = 'n[1-4]'", "[[partition]]\nname = 'b'\nnodes = 'm1,n[4-5]'\n"),
            "f:7:9: partition.nodes: node n4 of partition b is in partition gang as well" + tail);
  EXPECT_EQ(turns_complaint("nodes = 'n[1-4]'", "[[partition]]\nname = 'b'\nnodes = 'n[5-8]'\n"),
            "accepted");
  // All nodes that there are, on either side, or on both.
  EXPECT_EQ(turns_complaint("", "[[partition]]\nname = 'b'\nnodes = 'n1'\n"),
            "f:7:9: partition.nodes: node n1 of partition b is in partition gang as well" + tail);
  EXPECT_EQ(turns_complaint("nodes = 'n1'", "[[partition]]\nname = 'b'\n"),
            "f:5:1: partition.nodes: node n1 of partition b is in partition gang as well" + tail);
  EXPECT_EQ(
      turns_complaint("", "[[partition]]\nname = 'b'\n"),
      "f:5:1: partition.nodes: every node of partition b is in partition gang as well" + tail);
  // Two with turns, and one before that with turns.
  EXPECT_EQ(turns_complaint("nodes = 'n[1-2]'",
                            "[[partition]]\nname = 'b'\nnodes = 'n2'\nshare = 'timeslice'\n"),
            "f:7:9: partition.nodes: node n2 of partition b is in partition gang as well" + tail);
  EXPECT_EQ(complaint("[[partition]]\nname = 'b'\nnodes = 'n1'\n"
                      "[[partition]]\nname = 'gang'\nnodes = 'n[1-2]'\nshare = 'timeslice'\n"),
            "f:3:9: partition.nodes: node n1 of partition b is in partition gang as well" + tail);
}

TEST(Config, SelectorsArePartOfWhichNodesTakeTurns) {
  const std::string nodes =
      "[[node]]\nnames = 'n[1-2]'\nlabels = { rack = 'a' }\n"
      "[[node]]\nnames = 'n[3-4]'\nlabels = { rack = 'b' }\n";
  const auto with = [&nodes](const std::string& gang, const std::string& other) {
    return complaint(nodes + "[[partition]]\nname = 'gang'\nshare = 'timeslice'\n" + gang +
                     "\n[[partition]]\nname = 'b'\n" + other + "\n");
  };
  EXPECT_EQ(with("select = 'rack=a'", "select = 'rack=b'"), "accepted");
  EXPECT_EQ(with("select = 'rack=a'", "nodes = 'n[3-4]'"), "accepted");
  EXPECT_EQ(with("select = 'rack=a'", "nodes = 'n[1-4]'\nselect = 'rack!=a'"), "accepted");
  EXPECT_NE(with("select = 'rack=a'", "select = 'rack'").find("f:13:10: partition.nodes: node n1"),
            std::string::npos);
  EXPECT_NE(with("select = 'rack=a'", "nodes = 'n[2-3]'").find("node n2 of partition b"),
            std::string::npos);
  EXPECT_NE(with("nodes = 'n[2-3]'", "select = 'rack=b'").find("node n3 of partition b"),
            std::string::npos);
  EXPECT_EQ(with("nodes = 'n[1-2]'", "select = 'rack=b'"), "accepted");
  EXPECT_NE(with("", "select = 'rack=b'").find("node n3 of partition b"), std::string::npos);
}

TEST(Config, AnAgeThatLeavesNoRoomForOtherTermsIsRefused) {
  EXPECT_EQ(complaint("[priority]\nage = 60001\nmax_age = '1m'\n"),
            "f:2:7: priority.age: at most 60000 with this max_age");
  EXPECT_EQ(complaint("[priority]\nage = 60000\nmax_age = '1m'\n"), "accepted");
}

constexpr const char* complete = R"(
[cluster]
name = "alpha"
administrators = ["eve", 1002]
operators = ["ada"]
read_only = ["guest"]
[scheduling]
backfill = "easy-sjbf"
reservations = 32
fence = "self"
[priority]
age = 1
fairshare = 2
size = 3
partition = 4
qos = 5
max_age = "1d"
half_life = "2d"
charge_period = "30s"
[[account]]
name = "physics"
shares = 30
users = { max = 1, ada = 2 }
[[account]]
name = "astro"
parent = "physics"
[[qos]]
name = "urgent"
priority = 100
[[node]]
names = "n[001-128]"
labels = { rack = "a", cpu = "genoa" }
expect = { cores = 96, memory = "384G", gpus = 2 }
[[node]]
names = "g1"
labels = { gpu = "a100" }
[[switch]]
name = "leaf1"
nodes = "n[001-032]"
[[switch]]
name = "top"
switches = "leaf1"
[[partition]]
name = "batch"
nodes = "n[001-128]"
weight = 100
[[partition]]
name = "gpu"
select = "gpu=a100 & rack!=z"
)";

TEST(Config, ReadsAccountsNodesAndRoles) {
  const auto config = parse(complete, "f");
  ASSERT_TRUE(config) << config.error().message;
  const Settings& settings = config->settings;
  EXPECT_EQ(settings.administrators,
            (std::vector<RoleMember>{{"eve", uid_nobody}, {"1002", 1002}}));
  EXPECT_EQ(settings.operators, (std::vector<RoleMember>{{"ada", uid_nobody}}));
  EXPECT_EQ(settings.readers, (std::vector<RoleMember>{{"guest", uid_nobody}}));
  EXPECT_EQ(settings.backfill, "easy-sjbf");
  EXPECT_EQ(settings.reservations, 32U);
  EXPECT_EQ(settings.priority_terms,
            (PrioritySettings{1, 2, 3, 4, 5, minutes(1440), minutes(2880), seconds(30)}));
  EXPECT_EQ(settings.accounts,
            (std::vector<AccountSettings>{{"physics", "root", 30, {{"ada", 2}, {"max", 1}}},
                                          {"astro", "physics", 1, {}}}));
  EXPECT_EQ(settings.qos, (std::vector<QosSettings>{{"urgent", 100}}));
  EXPECT_EQ(settings.nodes, (std::vector<NodeSettings>{
                                {"n[001-128]", {{"cpu", "genoa"}, {"rack", "a"}}, {96, 393'216, 2}},
                                {"g1", {{"gpu", "a100"}}, {}}}));
  EXPECT_EQ(settings.switches,
            (std::vector<SwitchSettings>{{"leaf1", "n[001-032]", ""}, {"top", "", "leaf1"}}));
  EXPECT_EQ(settings.partitions[0].weight, 100U);
  EXPECT_EQ(settings.partitions[1].select, "gpu=a100 & rack!=z");
  EXPECT_TRUE(settings.fence_self);
}

TEST(Config, WrittenAsAFileItSaysTheSame) {
  for (const std::string& text : {std::string(), std::string(complete)}) {
    const auto config = parse(text, "f");
    ASSERT_TRUE(config);
    const auto again = parse(to_toml(config->settings), "written");
    ASSERT_TRUE(again) << again.error().message << "\n" << to_toml(config->settings);
    EXPECT_EQ(again->settings, config->settings) << to_toml(config->settings);
  }
}

TEST(Config, TablesThatDoNotAgreeAreRefused) {
  const std::string nodes = "[[node]]\nnames = 'n[1-4]'\n";
  const std::map<std::string, std::string> wrong = {
      {nodes + "[[node]]\nnames = 'm1,n3'\n",
       "f:3:1: node.names: node n3 is in the table of line 1 as well"},
      {nodes + "[[partition]]\nname = 'a'\nnodes = 'n[1-5]'\n",
       "f:5:9: partition.nodes: node n5 is in no [[node]]; did you mean \"n1\"?"},
      {"[[account]]\nname = 'physics'\n[[account]]\nname = 'b'\nparent = 'phyiscs'\n",
       "f:5:10: account.parent: no account \"phyiscs\"; did you mean \"physics\"?"},
      {"[[account]]\nname = 'a'\nparent = 'b'\n[[account]]\nname = 'b'\nparent = 'a'\n",
       "f:1:1: account.parent: \"a\" is below itself, or 64 levels deep"},
      {"[[account]]\nname = 'root'\n", "f:1:1: account.name: \"root\" is above all accounts"},
      {"[[qos]]\npriority = 1\n", "f:1:1: qos: has no name"},
      {"[[node]]\nlabels = { a = 'b' }\n", "f:1:1: node: has no names"},
      {nodes + "labels = { 'a b' = 'c' }\n",
       "f:3:12: node.labels: \"a b = c\" is no label: letters, digits and -_./:+@, at most 64"},
      {nodes + "labels = { a = 1 }\n",
       "f:3:16: node.labels.a: an integer where a string is needed"},
      {nodes + "expect = { sockets = 1 }\n", "f:3:12: node.expect.sockets: unknown key"},
      {nodes + "expect = { memory = '1X' }\n",
       "f:3:21: node.expect.memory: memory \"1X\" is no NUMBER with an optional K, M, G or T"},
      {"[[partition]]\nname = 'a'\nselect = 'gpu &'\n",
       "f:3:10: partition.select: selector \"gpu &\": a label is missing at its end"},
      {"[[switch]]\nname = 's'\n", "f:1:1: switch: \"s\" needs either nodes or switches"},
      {"[[switch]]\nname = 's'\nswitches = 't'\n",
       "f:1:1: switch.switches: no switch \"t\"; did you mean \"s\"?"},
      {"[cluster]\noperators = 'ada'\n",
       "f:2:13: cluster.operators: a string where a list of users is needed"},
      {"[cluster]\noperators = [1.5]\n",
       "f:2:14: cluster.operators: a float where a string is needed"},
      {"[cluster]\noperators = [-1]\n",
       "f:2:14: cluster.operators: -1 is not between 0 and 4294967294"},
      {"[cluster]\noperators = ['a b']\n",
       "f:2:14: cluster.operators: \"a b\" is no name of a user"},
  };
  for (const auto& [text, line] : wrong) EXPECT_EQ(complaint(text), line) << text;
}

TEST(Config, ASelectorThatSelectsNothingIsWarnedOf) {
  EXPECT_EQ(warnings("[[node]]\nnames = 'n1'\nlabels = { rack = 'a' }\n"
                     "[[partition]]\nname = 'p'\nselect = 'rakc=a'\n"),
            std::vector<std::string>{"f:6:10: partition.select: \"rakc=a\" selects no [[node]]: "
                                     "partition p is empty"});
}

TEST(Config, SampleFilesAreTakenWithoutAWord) {
  for (const std::string name : {"coxswain", "one-node", "sixteen-nodes", "thousand-nodes"}) {
    const std::string text = source_file("etc/" + name + ".toml");
    ASSERT_FALSE(text.empty()) << name;
    EXPECT_EQ(warnings(text), std::vector<std::string>{}) << name;
  }
}

TEST(Config, WrongValuesAreRefusedByName) {
  const std::map<std::string, std::string> wrong = {
      {"[cluster]\nname = 'a/b'", "\"a/b\" is no name"},
      {"[cluster]\nname = ''", "\"\" is no name"},
      {"[cluster]\nstate_dir = 'var'", "\"var\" is no absolute path"},
      {"[cluster]\ncontroller = 'a:b'", "\"a:b\" is no HOST"},
      {"[cluster]\ncontroller = 'a:0'", "\"a:0\" is no HOST"},
      {"[cluster]\ncontroller = 'a:70000'", "\"a:70000\" is no HOST"},
      {"[cluster]\ncontroller = ''", "\"\" is no HOST"},
      {"[cluster]\ncontroller = '[::1'", "\"[::1\" is no HOST"},
      {"cluster = 3", "an integer where a table [cluster] is needed"},
      {"partition = 'batch'", "a string where [[partition]] is needed"},
      {"partition = [1]", "an integer where [[partition]] is needed"},
      {"partition = []", "an empty list"},
      {"[partition]\nname = 'a'", "a table where [[partition]] is needed"},
      {"[scheduling]\nlost_after = 300", "an integer where a string is needed"},
      {"[scheduling]\nlost_after = '1s'", "\"1s\" is not between 2s and"},
      {"[scheduling]\nlost_after = '4s'", "4s must be longer than silent_after, which is 5s"},
      {"[scheduling]\nkill_wait = '2h'", "\"2h\" is not between 0s and 3600s"},
      {"[[partition]]\nname = 'a'\ndefault = 1", "an integer where true or false is needed"},
      {"[[partition]]\nname = 'a'\ntier = 1.5", "a float where an integer is needed"},
      {"[[partition]]\nname = 'a'\nnodes = ''", "an empty list"},
      {"[[partition]]\nname = 'a'\nnodes = 'n[1-'", "n[1-"},
      {"[[partition]]\nname = 'a'\nnodes = 'n[1-9999999999]'", "n[1-9999999999]"},
      {"[[partition]]\nname = 'a'\nmax_time = '1-x'", "1-x"},
      {"[[partition]]\nname = 'a'\nmax_time = '10'\ndefault_time = '20'",
       "is longer than max_time"},
      {"[[partition]]\nname = 'a'\n[[partition]]\nname = 'a'", "\"a\" is there twice"},
      {"[[partition]]\nname='a'\ndefault=true\n[[partition]]\nname='b'\ndefault=true",
       "\"a\" and \"b\" both say true"},
  };
  for (const auto& [text, part] : wrong) {
    EXPECT_NE(complaint(text).find(part), std::string::npos) << text << "\n" << complaint(text);
  }
}

TEST(Config, ControllerAddressesOfEveryFormAreTaken) {
  for (const std::string host :
       {"ctl1", "ctl1.example.org:7817", "10.0.0.1", "[::1]", "[::1]:99"}) {
    const auto config = parse("[cluster]\ncontroller = '" + host + "'\n", "f");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->listen, std::vector<std::string>{host});
  }
}

TEST(Config, SyntaxErrorsHaveTheirPlaceOnOneLine) {
  EXPECT_EQ(complaint("[cluster]\nname = \n").rfind("f:2:", 0), 0U)
      << complaint("[cluster]\nname = \n");
  for (const std::string text : {"[=", "[[=]]", "[ ", "[[[a]]]", "[,]", "a.=1", "="}) {
    EXPECT_NE(complaint(text).find("f:1:"), std::string::npos) << text;
  }
  EXPECT_NE(complaint("a = 1\na = 2\n").find("f:2:"), std::string::npos);
  EXPECT_NE(complaint("\xff\xfe").find("f:1:1: syntax: "), std::string::npos);
  EXPECT_NE(complaint(std::string(100'000, '[')).find("f:1:"), std::string::npos);
}

TEST(Config, FilesThatCannotBeReadAreNamed) {
  const auto missing = load("/nonexistent/coxswain.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_EQ(missing.error().message, "read /nonexistent/coxswain.toml: no such file");
  EXPECT_FALSE(load("/"));
  EXPECT_NE(load("/dev/zero").error().message.find("longer than"), std::string::npos);
}

TEST(Config, LettersOutsideQuotesAreRefusedBeforeTheParserSeesThem) {
  EXPECT_EQ(parse("[cluster]\nna\xc5\x88me = 1\n", "f").error().message,
            "f:2:3: syntax: \"\xc5\x88...\" stands outside quotes");
  EXPECT_TRUE(parse("# \xc5\x88\n[cluster] # \xc5\x88 \"\n", "f"));
  for (const char* value :
       {"\"\xc5\x88\"", "'\xc5\x88'", "\"\"\"a\n\xc5\x88 \" \"\"\"", "\"\\\"\xc5\x88\""}) {
    const auto config = parse("x = " + std::string(value) + "\n", "f");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().message.find("stands outside"), std::string::npos) << value;
  }
}

TEST(Config, ProgramsOfTheControllerAndRebootsAreReadAndWritten) {
  const auto config = parse(
      "[programs]\nreboot = \"/sbin/reboot\"\nreboot_timeout = \"1h\"\n"
      "controller_prolog = \"/etc/cox/before\"\ncontroller_epilog_timeout = \"5s\"\n",
      "f");
  ASSERT_TRUE(config) << config.error().message;
  const ProgramSettings& programs = config->settings.programs;
  EXPECT_EQ(programs.reboot, "/sbin/reboot");
  EXPECT_EQ(programs.reboot_timeout, minutes(60));
  EXPECT_EQ(programs.controller_prolog, "/etc/cox/before");
  EXPECT_EQ(programs.controller_epilog_timeout, seconds(5));
  const auto again = parse(to_toml(config->settings), "f");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->settings.programs, programs);
  EXPECT_FALSE(parse("[programs]\nreboot = \"reboot\"\n", "f"));
}

TEST(Config, ProgramsAreReadWrittenAndRefused) {
  const auto config = parse(
      "[programs]\nprolog = \"/etc/cox/prolog\"\nepilog_timeout = \"2m\"\n"
      "health = \"/etc/cox/health\"\nhealth_period = \"10s\"\n",
      "f");
  ASSERT_TRUE(config) << config.error().message;
  const ProgramSettings& programs = config->settings.programs;
  EXPECT_EQ(programs.prolog, "/etc/cox/prolog");
  EXPECT_EQ(programs.epilog, "");
  EXPECT_EQ(programs.epilog_timeout, minutes(2));
  EXPECT_EQ(programs.health_period, seconds(10));
  const auto again = parse(to_toml(config->settings), "f");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->settings.programs, programs);
  const auto wrong =
      parse("[programs]\nprolog = \"prolog.sh\"\nhealth_period = \"0s\"\nepilogue = 1\n", "f");
  ASSERT_FALSE(wrong);
  EXPECT_NE(
      wrong.error().message.find("f:2:10: programs.prolog: \"prolog.sh\" is no absolute path"),
      std::string::npos)
      << wrong.error().message;
  EXPECT_NE(wrong.error().message.find("programs.health_period"), std::string::npos);
  EXPECT_NE(wrong.error().message.find("did you mean \"epilog\""), std::string::npos)
      << wrong.error().message;
}

/// Either accepted, or refused with lines that all begin with the file's name.
void expect_answer(const std::string& text) {
  const auto config = parse(text, "f");
  if (config) {
    RC_ASSERT(!config->settings.partitions.empty());
    return;
  }
  for (const auto line : split(config.error().message, '\n')) {
    RC_ASSERT(line.substr(0, 2) == "f:");
    for (const char c : line) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20);
  }
}

TEST(Config, ArbitraryBytesNeverCrash) {
  EXPECT_TRUE(rc::check("bytes", [](const std::string& text) { expect_answer(text); }));
}

TEST(Config, DamagedFilesNeverCrash) {
  const std::string sample = source_file("etc/coxswain.toml");
  EXPECT_TRUE(rc::check("damage", [&sample] {
    std::string text = sample;
    const auto changes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < changes; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
      const auto length = *rc::gen::inRange<std::size_t>(0, 20);
      text.replace(at, length, *rc::gen::arbitrary<std::string>());
      if (text.empty()) text = "x";
    }
    expect_answer(text);
  }));
}

UserNames known_users(bool refuses_unknown) {
  UserNames users;
  users.find = [](const std::string& name) {
    return name == "ada" ? std::optional<Uid>(1001) : std::nullopt;
  };
  users.known = [] { return std::vector<std::string>{"ada", "root"}; };
  users.refuses_unknown = refuses_unknown;
  users.looks_at_accounts = true;
  return users;
}

constexpr const char* with_unknown_users = R"([cluster]
administrators = ["ada"]
operators = ["adda", 1003]
[scheduling]
backfil = "none"
[[account]]
name = "physics"
users = { ada = 1, rot = 2 }
)";

TEST(Config, UnknownUsersAreToldWithAllElseAndWithTheirPlaces) {
  const auto refused = parse(with_unknown_users, "f", {}, known_users(true));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "f:3:14: cluster.operators: this host knows no user \"adda\"; did you mean \"ada\"?\n"
            "f:5:1: scheduling.backfil: unknown key; did you mean \"backfill\"?\n"
            "f:8:20: warning: account.users: this host knows no user \"rot\"; did you mean "
            "\"root\"?");
}

TEST(Config, WhereUnknownUsersAreNotRefusedTheyHaveNoRole) {
  std::string text = with_unknown_users;
  text.erase(text.find("backfil"), text.find("[[account") - text.find("backfil"));
  const auto config = parse(text, "f", {}, known_users(false));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->settings.administrators, (std::vector<RoleMember>{{"ada", 1001}}));
  EXPECT_EQ(config->settings.operators,
            (std::vector<RoleMember>{{"adda", uid_nobody}, {"1003", 1003}}));
  ASSERT_EQ(config->warnings.size(), 2U);
  EXPECT_TRUE(config->warnings[0].starts_with("f:3:14: cluster.operators: "))
      << config->warnings[0];
  EXPECT_TRUE(config->warnings[1].starts_with("f:7:20: account.users: ")) << config->warnings[1];
}

/// What the reader says of a key that is none, or is one with a value of a wrong type.
bool is_unknown(std::string_view key) {
  const auto dot = key.find('.');
  const std::string text = "[" + std::string(key.substr(0, dot)) + "]\n" +
                           std::string(key.substr(dot + 1)) + " = 1979-05-27\n";
  return complaint(text).find("unknown key") != std::string::npos;
}

TEST(Config, KeysOfSingleTablesAreThoseThatShellsComplete) {
  for (const std::string_view key : setting_keys) EXPECT_FALSE(is_unknown(key)) << key;
  EXPECT_TRUE(is_unknown("cluster.nam"));
  std::string table;
  const std::string all = to_toml(parse(complete, "f")->settings);
  for (const std::string_view line : split(all, '\n')) {
    if (line.starts_with("[[")) break;
    if (line.starts_with("[")) table = line.substr(1, line.size() - 2);
    const std::size_t equals = line.find(" = ");
    if (equals == std::string_view::npos) continue;
    const std::string key = table + "." + std::string(line.substr(0, equals));
    EXPECT_NE(std::ranges::find(setting_keys, key), setting_keys.end()) << key;
  }
}

}  // namespace
}  // namespace cox::config
