// man/cox-slurm.7 against the tables: every option and field of every command, and the counts.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "cmds/slurm/tool.h"
#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds::slurm {
namespace {

/// "sbatch options" → "--time" → "exact"
using Table = std::map<std::string, std::map<std::string, std::string>>;

std::string page() {
  const auto text = platform::read_file(COX_SOURCE_DIR "/man/cox-slurm.7", 1U << 20);
  return text ? *text : "";
}

/// Names of a row: words that are no macro.
void take_row(const std::string& row, std::map<std::string, std::string>* to) {
  const std::size_t bar = row.find(" Ta ");
  if (bar == std::string::npos) return;
  std::string parity = row.substr(bar + 4);
  const std::size_t end = parity.find(" Ta ");
  const bool says_how = end != std::string::npos && end + 4 < parity.size();
  parity.resize(std::min(end, parity.size()));
  // What is exact has nothing to say but whose other name it is.
  const bool is_alias = row.find(" Ta the same as ") != std::string::npos;
  EXPECT_EQ(says_how, parity != "exact" || is_alias) << row;
  std::string names = row.substr(0, bar);
  for (std::size_t at = names.find(" , "); at != std::string::npos; at = names.find(" , ")) {
    names.replace(at, 3, "\n");
  }
  std::istringstream lines(names);
  for (std::string name; std::getline(lines, name);) {
    const bool is_option = name.starts_with("Fl ");
    name = name.substr(3);
    if (name.starts_with("\\&")) name = name.substr(2);
    (*to)[(is_option ? "-" : "") + name] = parity;
  }
}

Table of_page() {
  Table table;
  std::istringstream lines(page());
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(".Ss ") || line.starts_with(".Sh ")) section = line.substr(4);
    if (line.starts_with(".It ") && line.find(" Ta ") != std::string::npos) {
      take_row(line.substr(4), &table[section]);
    }
  }
  return table;
}

Table of_tools() {
  Table table;
  for (const Tool* tool : all_tools()) {
    auto& options = table[std::string(tool->name) + " options"];
    for (const Option& option : tool->options()) {
      const std::string parity(to_text(option.parity));
      options[std::string("--") + option.name] = parity;
      if (option.letter != 0) options[std::string("-") + option.letter] = parity;
    }
    if (tool->fields == nullptr) continue;
    const bool is_control = std::string_view(tool->name) == "scontrol";
    auto& fields = table[std::string(tool->name) + (is_control ? " commands" : " fields")];
    for (const FieldName& field : tool->fields()) fields[field.name] = to_text(field.parity);
  }
  return table;
}

TEST(SlurmParity, ThePageHasWhatTheTablesHave) {
  const Table said = of_page(), true_ones = of_tools();
  for (const auto& [section, names] : true_ones) {
    ASSERT_TRUE(said.contains(section)) << section;
    for (const auto& [name, parity] : names) {
      const auto found = said.at(section).find(name);
      ASSERT_NE(found, said.at(section).end()) << section << ": the page lacks " << name;
      EXPECT_EQ(found->second, parity) << section << ": " << name;
    }
    for (const auto& [name, parity] : said.at(section)) {
      EXPECT_TRUE(names.contains(name)) << section << ": only the page has " << name;
    }
  }
}

TEST(SlurmParity, ThePageCounts) {
  std::map<std::string, std::size_t> counts;
  std::istringstream lines(page());
  for (std::string line; std::getline(lines, line);) {
    const std::size_t bar = line.find(" Ta ");
    if (!line.starts_with(".It ") || bar == std::string::npos) continue;
    const std::string rest = line.substr(bar + 4);
    ++counts[rest.substr(0, rest.find(' '))];
  }
  const std::string sentence = std::to_string(counts["exact"]) + " are exact, " +
                               std::to_string(counts["approximated"]) + " approximated and " +
                               std::to_string(counts["refused"]) + " refused.";
  EXPECT_NE(page().find(sentence), std::string::npos) << sentence;
}

TEST(SlurmParity, EveryOptionThatIsNotExactSaysWhatIsDone) {
  for (const Tool* tool : all_tools()) {
    std::set<char> letters;
    for (const Option& option : tool->options()) {
      const std::string name = std::string(tool->name) + " --" + option.name;
      EXPECT_EQ(*option.how != '\0', option.parity != Parity::exact) << name;
      const bool is_own =
          option.letter == 0 || *option.same_as != '\0' || letters.insert(option.letter).second;
      EXPECT_TRUE(is_own) << name << ": its letter is another's";
    }
  }
}

TEST(SlurmParity, ContractTrap26EveryCommandTellsAVersionOfSlurm) {
  const std::string text = version_text();
  EXPECT_TRUE(text.starts_with("slurm 22.05.")) << text;
  EXPECT_TRUE(text.ends_with("\n"));
}

TEST(SlurmParity, ACommandIsKnownByTheLastPartOfItsName) {
  EXPECT_EQ(tool_named("/opt/x/squeue"), &squeue_tool);
  EXPECT_EQ(tool_named("sbatch"), &sbatch_tool);
  EXPECT_EQ(tool_named("/usr/bin/cox"), nullptr);
  EXPECT_EQ(tool_named(""), nullptr);
}

}  // namespace
}  // namespace cox::cmds::slurm
