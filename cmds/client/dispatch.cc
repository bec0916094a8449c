// Chooses the command: exact name or unique prefix, help, version.
#include "cmds/client/dispatch.h"

#include "cmds/client/commands.h"
#include "cmds/client/terminal.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

constexpr int bad_usage_status = 2;

int report(const Error& error, int own_failure) {
  print_error(error.message);
  return own_failure == 0 ? exit_status(error.code) : own_failure;
}

int print_status(const std::string& text) {
  const Result<void> printed = print(text);
  return printed ? 0 : report(printed.error(), 0);
}

std::string overview() {
  std::string text = "Usage: cox COMMAND [OPTIONS] ...\n\nCommands:\n";
  for (const Command* command : all_commands()) {
    std::string name = std::string("  ") + command->name;
    name.resize(14, ' ');
    text += name + command->summary + "\n";
  }
  return text +
         "\n  cox help COMMAND   or   cox COMMAND --help: its options\n"
         "  cox -v COMMAND ...: tell by which ids the controller's log names its requests\n"
         "  cox --version\n";
}

Result<const Command*> find_command(const std::string& name) {
  std::vector<std::string> known;
  for (const Command* command : all_commands()) {
    if (name == command->name) return command;
    known.emplace_back(command->name);
  }
  std::string message = quoted(name) + ": unknown command";
  if (const auto near = nearest(name, known)) message += ", perhaps " + *near;
  return fail(Code::bad_usage, message + " (see: cox help)");
}

int print_help(const std::vector<std::string>& words) {
  if (words.empty()) return print_status(overview());
  const auto command = find_command(words.front());
  return command ? print_status(help_text(**command)) : report(command.error(), 0);
}

/// `cox --cluster X COMMAND` means `cox COMMAND --cluster X`; -v is obeyed here.
Result<std::vector<std::string>> take_leading(std::vector<std::string> words) {
  static constexpr OptionSpec leading[] = {
      cluster_option, help_option, {"verbose", 'v', "", "-"}, {"version", 'V', "", "-"}};
  const auto read = normalise(leading, words, Operands::end_options);
  if (!read) return Failure(read.error());
  std::vector<std::string> moved = read->operands;
  for (const GivenOption& option : read->options) {
    const std::string name = option.spec->name;
    if (name == "verbose") {
      be_verbose();
      continue;
    }
    if (name != "cluster") return std::vector<std::string>{"--" + name};
    if (!moved.empty()) moved.insert(moved.begin() + 1, "--cluster=" + option.value);
  }
  return moved;
}

}  // namespace

int dispatch(std::vector<std::string> words) {
  auto moved = take_leading(std::move(words));
  if (!moved) return report(moved.error(), 0);
  if (moved->empty()) {
    print_error("a command is missing (see: cox help)");
    return bad_usage_status;
  }
  const std::string name = moved->front();
  moved->erase(moved->begin());
  if (name == "--version") return print_status("cox " COX_VERSION "\n");
  if (name == "help" || name == "--help") return print_help(*moved);
  const auto command = find_command(name);
  if (!command) return report(command.error(), 0);
  const auto given = parse(**command, *moved);
  if (!given) return report(given.error(), (*command)->own_failure);
  if (given->has("help")) return print_status(help_text(**command));
  const Result<int> status = (*command)->run(*given);
  return status ? *status : report(status.error(), (*command)->own_failure);
}

}  // namespace cox::cmds
