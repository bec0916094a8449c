// Reads placeholders: JOB, NAMES, FILE, "up|down".
#include "cmds/completion/values.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "cmds/client/commands.h"
#include "cmds/client/views.h"
#include "cmds/history/columns.h"
#include "cmds/nodes/nodes.h"
#include "cmds/update/changes.h"
#include "common/text.h"
#include "model/job_state.h"
#include "model/node_state.h"
#include "model/setting_keys.h"

namespace cox::cmds {
namespace {

std::vector<Candidate> plain(const std::vector<std::string>& texts) {
  std::vector<Candidate> words;
  for (const std::string& text : texts) words.push_back({text, ""});
  return words;
}

template <class T>
std::vector<std::string> names_of(const std::vector<Column<T>>& columns) {
  std::vector<std::string> names;
  for (const Column<T>& column : columns) names.emplace_back(column.name);
  return names;
}

std::vector<std::string> columns_of(const std::string& command) {
  if (command == "queue") return names_of(job_columns());
  if (command == "history") return names_of(history_columns());
  if (command == "partitions") return names_of(partition_columns());
  if (command != "nodes") return {};
  std::vector<std::string> names = group_column_names();
  for (const std::string& name : names_of(node_columns())) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<std::string> states_of(const std::string& command) {
  std::vector<std::string> states;
  if (command == "nodes") {
    for (int i = 0; to_text(static_cast<NodeState>(i)) != "unknown"; ++i) {
      states.emplace_back(to_text(static_cast<NodeState>(i)));
    }
    return states;
  }
  const bool is_past = command == "history";
  for (int i = 0; to_text(static_cast<JobState>(i)) != "UNKNOWN"; ++i) {
    const auto state = static_cast<JobState>(i);
    if (!is_past || is_final(state)) states.emplace_back(to_text(state));
  }
  // What becomes of attempts that others follow.
  if (is_past) states.insert(states.end(), {"REQUEUED", "UNDONE"});
  return states;
}

std::vector<std::string> reasons() {
  std::vector<std::string> words;
  for (int i = 1; to_text(static_cast<Reason>(i)) != "unknown"; ++i) {
    words.emplace_back(to_text(static_cast<Reason>(i)));
  }
  return words;
}

/// "auto|pmix|none": every part is a word to be typed as it is.
bool is_choice(std::string_view text) {
  return text.find('|') != std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return c == '|' || c == '-' || c == '_' || (c >= 'a' && c <= 'z');
         });
}

std::vector<std::string> choices(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : split(text, '|')) words.emplace_back(word);
  return words;
}

/// What a word in capitals stands for; nothing where we cannot know.
std::optional<Wanted> meaning(std::string_view placeholder) {
  struct Meaning {
    std::string_view word;
    Wanted wanted;
  };

  static constexpr Meaning table[] = {
      {"JOB", Wanted::jobs},         {"NODES", Wanted::nodes},         {"USER", Wanted::users},
      {"USER,...", Wanted::users},   {"FILE", Wanted::files},          {"SCRIPT", Wanted::files},
      {"PATTERN", Wanted::files},    {"ADDRESS", Wanted::files},       {"DIR", Wanted::directories},
      {"COMMAND", Wanted::programs}, {"FILE|SYNTHETIC", Wanted::files}};
  for (const Meaning& one : table) {
    if (one.word == placeholder) return one.wanted;
  }
  return std::nullopt;
}

/// "[JOB...]" and "JOB[.STEP]..." as "JOB".
std::string_view bare(std::string_view token) {
  while (!token.empty() && token.front() == '[') token.remove_prefix(1);
  token = token.substr(0, token.find('['));
  while (!token.empty() && (token.back() == ']' || token.back() == '.')) token.remove_suffix(1);
  return token;
}

struct Form {
  std::vector<std::string> tokens;
  bool repeats = false;  // its last token may come again and again
};

/// The forms of a usage, without options: "check|plan FILE | show [OPTIONS]".
std::vector<Form> forms_of(std::string_view usage) {
  std::vector<Form> forms(1);
  bool is_option = false;
  for (const std::string_view token : split(usage, ' ')) {
    if (token.empty()) continue;
    if (token == "|") {
      forms.emplace_back();
      continue;
    }
    // "[--reason TEXT]" and "[OPTIONS]" are no operands.
    const bool was_option = is_option;
    is_option = (was_option || token.starts_with("[-") || token.starts_with("--")) &&
                !token.ends_with(']') && token != "--";
    if (was_option || token.starts_with("[-") || token.starts_with("-")) continue;
    if (bare(token) == "OPTIONS" || bare(token) == "ARGS") continue;
    forms.back().tokens.emplace_back(bare(token));
    forms.back().repeats |= token.find("...") != std::string_view::npos || bare(token) == "NAMES";
  }
  return forms;
}

bool matches(const std::string& token, const std::string& word) {
  if (meaning(token) || token == "NAME" || token == "NAMES") return true;
  const auto words = choices(token);
  return std::ranges::find(words, word) != words.end();
}

/// Adds what `token` allows: words to type, or a kind of thing.
void take_token(const std::string& token, const std::string& first, Question* to) {
  const std::string command = to->command->name;
  if (token == "NAME" || token == "NAMES") {
    // Of `cox show` the word before says what it is the name of.
    const std::string what = command == "show" ? first : command;
    if (what == "job" || what == "step") to->wanted = Wanted::jobs;
    if (what == "node" || what == "nodes") to->wanted = Wanted::nodes;
    if (what == "partition") to->wanted = Wanted::partitions;
    return;
  }
  if (const auto wanted = meaning(token)) {
    to->wanted = *wanted;
  } else if (std::islower(static_cast<unsigned char>(token.front())) != 0) {
    for (const std::string& word : choices(token)) to->words.push_back({word, ""});
  }
}

}  // namespace

void value_of_option(const Command& command, const OptionSpec& spec, Question* to) {
  const std::string_view name = spec.name;
  std::string_view value = spec.value;
  if (value.starts_with("[=")) value = bare(value.substr(2));
  if (name == "partition") {
    to->wanted = Wanted::partitions;
  } else if (value == "REASON,...") {
    to->words = plain(reasons());
  } else if (value == "COLUMN,...") {
    to->words = plain(columns_of(command.name));
  } else if (name == "state") {
    to->words = plain(states_of(command.name));
  } else if (value == "KEY=VALUE" && name == "set") {
    for (const std::string_view key : setting_keys) {
      to->words.push_back({std::string(key) + "=", ""});
    }
  } else if (is_choice(value)) {
    to->words = plain(choices(value));
  } else if (const auto wanted = meaning(value)) {
    to->wanted = *wanted;
  }
}

bool takes_list(const OptionSpec& spec) {
  const std::string_view value = spec.value;
  return value == "LIST" || value == "NODES" || value.ends_with(",...");
}

void operand_of_command(const std::vector<std::string>& operands, bool dashes, Question* to) {
  static constexpr std::string_view past[] = {"show", "logs", "history"};
  to->is_ended_wanted = std::ranges::find(past, to->command->name) != std::end(past);
  if (to->command->operands == Operands::end_options) {
    const std::string_view name = to->command->name;
    const bool is_program = name == "run" || name == "alloc" || dashes;
    to->wanted = operands.empty() && is_program ? Wanted::programs : Wanted::files;
    if (name != "completion") return;
    to->wanted = Wanted::words;
  }
  for (const Form& form : forms_of(to->command->usage)) {
    std::size_t at = operands.size();
    if (form.repeats && at >= form.tokens.size()) at = form.tokens.size() - 1;
    if (form.tokens.empty() || at >= form.tokens.size()) continue;
    if (at > 0 && !operands.empty() && !form.repeats && !matches(form.tokens[0], operands[0])) {
      continue;
    }
    take_token(form.tokens[at], operands.empty() ? "" : operands.front(), to);
  }
  if (std::string_view(to->command->name) == "update") {
    for (const std::string& key : update_keys()) to->words.push_back({key + "=", ""});
  }
  // Names of nodes are lists: n1,n2.
  if (to->wanted != Wanted::nodes) return;
  const std::size_t comma = to->typed.rfind(',');
  if (comma == std::string::npos) return;
  to->list = to->typed.substr(0, comma + 1);
  to->typed.erase(0, comma + 1);
}

}  // namespace cox::cmds
