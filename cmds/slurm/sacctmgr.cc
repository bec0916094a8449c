// sacctmgr, to read: users, accounts and qualities of service come from the configuration.
#include <algorithm>
#include <array>

#include "cmds/client/terminal.h"
#include "cmds/slurm/manager_tables.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace sacctmgr_locals {
namespace {

constexpr std::array table = {
    Option{"associations", 's', "", exact, ""},
    Option{"help", 'h', "", exact, ""},
    Option{"immediate", 'i', "", exact, ""},
    Option{"noheader", 'n', "", exact, ""},
    Option{"oneliner", 'o', "", refused, later},
    Option{"parsable", 'p', "", exact, ""},
    Option{"parsable2", 'P', "", exact, ""},
    Option{"quiet", 'Q', "", exact, ""},
    Option{"readonly", 'r', "", exact, ""},
    Option{"usage", 0, "", exact, ""},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
    Option{"json", 0, "", refused, "not supported (see: cox config show --json)"},
    Option{"yaml", 0, "", refused, "not supported (see: cox config show --json)"},
};

constexpr std::array refused_verbs = {"add",    "create",  "modify",      "delete",
                                      "remove", "dump",    "load",        "archive",
                                      "clear",  "problem", "reconfigure", "shutdown"};

Options options() {
  return table;
}

std::vector<FieldName> fields() {
  std::vector<FieldName> names;
  for (const char* verb : refused_verbs) names.push_back({verb, refused});
  for (const Entity& entity : all_entities()) {
    names.push_back({std::string("show ") + entity.name, entity.parity});
    for (const EntityField& field : entity.fields) {
      names.push_back({std::string(entity.name) + " " + field.name, field.parity});
    }
  }
  return names;
}

Result<wire::Settings> settings() {
  auto session = open_session();
  if (!session) return Failure(session.error());
  wire::ClientRequest request;
  request.mutable_config_action()->set_kind(wire::ConfigAction::SHOW);
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  return reply->config().settings();
}

Result<int> show(const Words& given) {
  auto question = read_question(given);
  if (!question) return Failure(question.error());
  const auto known = settings();
  if (!known) return Failure(known.error());
  const auto printed = print(answer(*question, *known, given));
  return printed ? Result<int>(0) : Failure(printed.error());
}

Result<int> run(const Words& given) {
  if (given.operands.empty()) {
    return fail(Code::bad_usage, "a command is missing: show, or list");
  }
  const std::string& verb = given.operands.front();
  const auto means = [&](std::string_view word) { return word.starts_with(verb); };
  if (means("show") || means("list")) return show(given);
  if (verb == "ping") {
    const auto session = open_session();
    return session ? Result<int>(0) : Failure(session.error());
  }
  if (std::ranges::any_of(refused_verbs, means)) {
    return fail(Code::bad_usage, quoted(verb) +
                                     ": accounts are changed in the configuration "
                                     "(see: cox config)");
  }
  return fail(Code::bad_usage, "invalid keyword: " + quoted(verb));
}

}  // namespace
}  // namespace sacctmgr_locals

const Tool sacctmgr_tool{"sacctmgr",
                         "[OPTIONS] show|list ENTITY [NAME] [where ...] [format=...]",
                         sacctmgr_locals::options,
                         Stop::never,
                         sacctmgr_locals::fields,
                         sacctmgr_locals::run};

}  // namespace cox::cmds::slurm
