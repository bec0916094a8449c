// cox config: the configuration checked, shown, planned, applied and rolled back.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/config/local_check.h"
#include "cmds/config/reports.h"
#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds {
namespace config_locals {
namespace {

using Action = wire::ConfigAction;
constexpr std::size_t file_bytes_max = 4U << 20;

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"reason", 'r', "TEXT", "why; kept in the history"}, json_option, cluster_option,
      help_option};
  return table;
}

struct Verb {
  const char* word;
  Action::Kind kind;
  bool takes_file;
};

constexpr std::array<Verb, 6> verbs = {{{"check", Action::CHECK, true},
                                        {"show", Action::SHOW, false},
                                        {"plan", Action::PLAN, true},
                                        {"apply", Action::APPLY, true},
                                        {"history", Action::HISTORY, false},
                                        {"rollback", Action::ROLLBACK, false}}};

Result<Verb> parse_verb(const Parsed& given) {
  const auto& words = given.operands();
  if (words.empty()) return usage_error(given.command(), "what to do is missing");
  std::vector<std::string> known;
  for (const Verb& verb : verbs) {
    known.emplace_back(verb.word);
    if (words[0] != verb.word) continue;
    if (verb.takes_file && words.size() < 2) {
      return usage_error(given.command(), words[0] + ": the file is missing");
    }
    const std::size_t most = verb.takes_file || verb.kind == Action::ROLLBACK ? 2 : 1;
    if (words.size() <= most) return verb;
    return usage_error(given.command(), quoted(words[most]) + ": nothing is expected here");
  }
  const auto near = nearest(words[0], known);
  return usage_error(given.command(), quoted(words[0]) + ": nothing to do with a configuration" +
                                          (near ? ", perhaps " + *near : ""));
}

Result<Action> make_action(const Parsed& given, const Verb& verb) {
  Action action;
  action.set_kind(verb.kind);
  action.set_why(given.value("reason"));
  if (given.operands().size() < 2) return action;
  const std::string& word = given.operands()[1];
  if (verb.kind == Action::ROLLBACK) {
    const auto revision = parse_u64(word);
    if (!revision || *revision == 0 || *revision > UINT32_MAX) {
      return fail(Code::bad_usage, quoted(word) + ": no revision (see: cox config history)");
    }
    action.set_revision(static_cast<std::uint32_t>(*revision));
    return action;
  }
  auto text = platform::read_file(word, file_bytes_max);
  if (!text) return Failure(text.error());
  action.set_text(std::move(*text));
  action.set_name(word);
  return action;
}

/// Complaints about a file are one line each.
Result<int> refuse(const Error& error) {
  for (const std::string_view line : split(error.message, '\n')) print_error(line);
  return exit_status(error.code);
}

Result<int> check(const Parsed& given, const Action& action) {
  wire::ClientRequest request;
  *request.mutable_config_action() = action;
  const auto reply = ask_cluster(given, request);
  if (reply) return report_check(given, action.name(), *reply);
  const Code code = reply.error().code;
  // Nobody to ask, or not one's place to ask: the file is looked at here.
  if (code == Code::unreachable || code == Code::not_permitted) {
    return check_here(given, action.name());
  }
  return refuse(reply.error());
}

Result<int> run(const Parsed& given) {
  const auto verb = parse_verb(given);
  if (!verb) return Failure(verb.error());
  const auto action = make_action(given, *verb);
  if (!action) return Failure(action.error());
  if (verb->kind == Action::CHECK) return check(given, *action);
  wire::ClientRequest request;
  *request.mutable_config_action() = *action;
  const auto reply = ask_cluster(given, request);
  if (!reply) return refuse(reply.error());
  switch (verb->kind) {
    case Action::SHOW:
      return report_settings(given, *reply);
    case Action::HISTORY:
      return report_history(given, *reply);
    default:
      return report_changes(given, *reply, verb->kind != Action::PLAN);
  }
}

}  // namespace
}  // namespace config_locals

const Command config_command{"config",
                             "check|plan|apply FILE | show | history | rollback",
                             "look at the configuration and change it",
                             config_locals::options,
                             Operands::anywhere,
                             0,
                             config_locals::run};

}  // namespace cox::cmds
