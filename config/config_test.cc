// The file as people write it, the ways it can be wrong, and bytes that are no file at all.
#include "config/config.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <fstream>
#include <iterator>
#include <map>

#include "common/text.h"

namespace cox::config {
namespace {

std::string source_file(const std::string& name) {
  std::ifstream file(std::string(COX_SOURCE_DIR "/") + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The complaints about `text`, which must be refused.
std::vector<std::string> complaints(const std::string& text) {
  const auto config = parse(text, "f");
  if (config) return {"accepted"};
  EXPECT_EQ(config.error().code, Code::bad_usage);
  std::vector<std::string> lines;
  for (const auto line : split(config.error().message, '\n')) lines.emplace_back(line);
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

TEST(Config, OfTheSampleFileIsTheDefaults) {
  const std::string sample = source_file("etc/coxswain.toml");
  ASSERT_FALSE(sample.empty());
  const auto config = parse(sample, "etc/coxswain.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->settings, Settings{});
}

TEST(Config, EveryKeyOfTheSampleFileIsInTheManual) {
  const std::string manual = source_file("man/coxswain.toml.5");
  const std::string sample = source_file("etc/coxswain.toml");
  for (const auto line : split(sample, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string key(trim(line.substr(line[0] == '#' ? 1 : 0, equals - (line[0] == '#'))));
    EXPECT_NE(manual.find(".It Ic " + key + " "), std::string::npos) << key;
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
  wanted.silent_after = seconds(10);
  wanted.lost_after = minutes(10);
  wanted.kill_wait = seconds(5);
  wanted.history_keep = minutes(1);
  wanted.history_jobs = 7;
  wanted.jobs_per_user = 9;
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

TEST(Config, KeysOfTheDesignThatAreNotThereYetAreRefusedNotIgnored) {
  for (const std::string text :
       {"[priority]\nage = 1\n", "[[account]]\nname = 'x'\n", "[[qos]]\nname = 'x'\n",
        "[[node]]\nnames = 'n1'\n", "[[switch]]\nname = 'l'\n", "[scheduling]\nbackfill = 'easy'\n",
        "[scheduling]\nreservations = 64\n", "[scheduling]\npriority = 'multifactor'\n",
        "[[partition]]\nname = 'a'\nweight = 100\n", "[[partition]]\nname = 'a'\nselect = 'gpu'\n",
        "[[partition]]\nname = 'a'\nshare = 'timeslice'\n"}) {
    EXPECT_NE(complaint(text).find("not supported yet"), std::string::npos) << text;
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
      {"[scheduling]\nlost_after = '4s'", "must be longer than silent_after"},
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

}  // namespace
}  // namespace cox::config
