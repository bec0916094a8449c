// Walks over the words before the cursor, leniently: what is wrong there is not for us to say.
#include "cmds/completion/question.h"

#include <algorithm>
#include <string_view>

#include "cmds/client/commands.h"
#include "cmds/completion/values.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

using Words = std::vector<std::string>;

/// "--name", "=", "value" as one word again.
Words joined_at_equals(const Words& words) {
  Words joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_cut = words[i] == "=" && !joined.empty() && joined.back().starts_with("--");
    if (!is_cut) {
      joined.push_back(words[i]);
      continue;
    }
    joined.back() += '=';
    if (i + 1 < words.size()) joined.back() += words[++i];
  }
  return joined;
}

const OptionSpec* find_long(OptionTable table, std::string_view name) {
  const OptionSpec* found = nullptr;
  for (const OptionSpec& spec : table) {
    if (name == spec.name) return &spec;
    if (std::string_view(spec.name).starts_with(name)) found = &spec;
  }
  return found;
}

const OptionSpec* find_short(OptionTable table, char letter) {
  const auto found = std::ranges::find(table, letter, &OptionSpec::letter);
  return found == table.end() ? nullptr : &*found;
}

/// What has been read before the cursor.
struct Before {
  const Command* command = nullptr;
  const OptionSpec* awaits_value = nullptr;
  Words operands;
  bool options_ended = false;
  bool dashes = false;
  std::string cluster;
};

OptionTable table_of(const Before& before) {
  static constexpr OptionSpec leading[] = {cluster_option, help_option};
  return before.command == nullptr ? OptionTable(leading) : before.command->options();
}

void take_value(const OptionSpec& spec, const std::string& value, Before* before) {
  if (std::string_view(spec.name) == "cluster") before->cluster = value;
}

void take_option(const std::string& word, Before* before) {
  const OptionTable table = table_of(*before);
  if (word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    const OptionSpec* spec = find_long(table, word.substr(2, equals - 2));
    if (spec == nullptr) return;
    if (equals != std::string::npos) return take_value(*spec, word.substr(equals + 1), before);
    if (spec->takes_value()) before->awaits_value = spec;
    return;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    const OptionSpec* spec = find_short(table, word[i]);
    if (spec == nullptr || !spec->takes_value()) continue;
    if (i + 1 == word.size()) before->awaits_value = spec;
    return;
  }
}

void take_operand(const std::string& word, Before* before) {
  if (before->command == nullptr) {
    const auto all = all_commands();
    const auto found = std::ranges::find_if(
        all, [&word](const Command* command) { return word == command->name; });
    if (found != all.end()) before->command = *found;
    if (word == "help") before->operands.push_back(word);
    return;
  }
  before->operands.push_back(word);
  before->options_ended |= before->command->operands == Operands::end_options;
}

Before read_before(const Words& words) {
  Before before;
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (before.awaits_value != nullptr) {
      take_value(*before.awaits_value, word, &before);
      before.awaits_value = nullptr;
    } else if (before.options_ended) {
      before.operands.push_back(word);
    } else if (word == "--") {
      before.options_ended = before.dashes = true;
    } else if (word.size() > 1 && word[0] == '-') {
      take_option(word, &before);
    } else {
      take_operand(word, &before);
    }
  }
  return before;
}

std::vector<Candidate> command_words() {
  std::vector<Candidate> words;
  for (const Command* command : all_commands()) words.push_back({command->name, command->summary});
  words.push_back({"help", "the options of a command"});
  return words;
}

std::vector<Candidate> option_words(OptionTable table) {
  std::vector<Candidate> words;
  for (const OptionSpec& spec : table) {
    if (spec.is_supported()) words.push_back({std::string("--") + spec.name, spec.help});
  }
  return words;
}

/// Of a list the part behind the last comma is at the cursor.
void split_list(std::string_view typed, Question* to) {
  const std::size_t comma = typed.rfind(',');
  const std::size_t from = comma == std::string_view::npos ? 0 : comma + 1;
  to->list = typed.substr(0, from);
  to->typed = typed.substr(from);
}

void ask_value(const OptionSpec& spec, std::string_view typed, Question* to) {
  value_of_option(*to->command, spec, to);
  to->typed = typed;
  if (takes_list(spec)) split_list(typed, to);
}

/// Before a command is named.
void ask_command(const Before& before, Question* to) {
  if (before.awaits_value != nullptr) {
    to->wanted = Wanted::files;
  } else if (to->typed.starts_with('-')) {
    to->words = option_words(table_of(before));
  } else {
    to->words = command_words();
  }
}

/// "--name" or "--name=VALUE".
void ask_option(Question* to) {
  const std::string typed = to->typed;
  const OptionTable table = to->command->options();
  const std::size_t equals = typed.find('=');
  if (!typed.starts_with("--") || equals == std::string::npos) {
    to->words = option_words(table);
    return;
  }
  to->option = typed.substr(0, equals + 1);
  to->typed = typed.substr(equals + 1);
  if (const OptionSpec* spec = find_long(table, typed.substr(2, equals - 2))) {
    ask_value(*spec, typed.substr(equals + 1), to);
  }
}

}  // namespace

Question read_question(std::vector<std::string> words, bool splits_at_equals) {
  if (splits_at_equals) words = joined_at_equals(words);
  Question question;
  if (words.size() < 2) return question;
  const Before before = read_before(words);
  question.cluster = before.cluster;
  question.command = before.command;
  question.typed = words.back();
  if (before.command == nullptr) {
    ask_command(before, &question);
  } else if (before.awaits_value != nullptr) {
    ask_value(*before.awaits_value, words.back(), &question);
  } else if (!before.options_ended && question.typed.starts_with('-')) {
    ask_option(&question);
  } else {
    operand_of_command(before.operands, before.dashes, &question);
  }
  return question;
}

}  // namespace cox::cmds
