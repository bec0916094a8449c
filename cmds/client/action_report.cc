// See action_report.h.
#include "cmds/client/action_report.h"

#include <map>
#include <utility>

#include "cmds/client/commands.h"
#include "cmds/client/json.h"
#include "cmds/client/nothing.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "common/node_list.h"
#include "common/text.h"

namespace cox::cmds {

void ActionReport::refuse(const std::string& name, const Error& error) {
  const bool is_named = error.message.find(name) != std::string::npos;
  print_error(is_named ? error.message : name + ": " + error.message);
  refusals_.push_back({name, error});
}

namespace {

/// "no node n5" as "no node " and "", for n5.
std::pair<std::string, std::string> around(const std::string& name, const std::string& message) {
  const std::size_t at = message.find(name);
  if (at == std::string::npos) return {"", ": " + message};
  return {message.substr(0, at), message.substr(at + name.size())};
}

}  // namespace

void ActionReport::refuse_nodes(const wire::Done& done) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> alike;
  for (const wire::ActionError& refusal : done.errors()) {
    const Error error = to_error(refusal.error());
    if (refusal.name().empty()) {
      refuse("", error);
      continue;
    }
    alike[around(refusal.name(), error.message)].push_back(refusal.name());
    refusals_.push_back({refusal.name(), error});
  }
  for (const auto& [sides, names] : alike) {
    print_error(sides.first + fold_node_list(names) + sides.second);
  }
}

Result<int> ActionReport::finish(const Parsed& given) const {
  if (done_ == 0 && refusals_.empty()) note_nothing(given, "job", {"user", "label"});
  if (!given.has("json")) return status();
  JsonWriter json;
  json.number("done", done_);
  json.begin_array("errors");
  for (const Refusal& refusal : refusals_) {
    json.begin_object();
    refusal.name.empty() ? json.null("name") : json.text("name", refusal.name);
    json.text("error", refusal.error.message);
    json.number("status", exit_status(refusal.error.code));
    json.end_object();
  }
  json.end_array();
  const auto printed = print(json.take());
  if (!printed) return Failure(printed.error());
  return status();
}

int ActionReport::status() const {
  if (refusals_.empty()) return 0;
  const int first = exit_status(refusals_.front().error.code);
  for (const Refusal& refusal : refusals_) {
    if (exit_status(refusal.error.code) != first) return 1;
  }
  return first;
}

Result<void> check_action(const Parsed& given, const std::string& what) {
  if (given.operands().size() >= 2) return {};
  return usage_error(given.command(), "an action and names of " + what + " are missing");
}

Failure no_action(const Parsed& given,
                  const std::string& what,
                  const std::vector<std::string>& known) {
  const std::string& word = given.operands().front();
  const auto near = nearest(word, known);
  return usage_error(given.command(),
                     quoted(word) + ": no action on " + what + (near ? ", perhaps " + *near : ""));
}

Result<void> check_reason(const Parsed& given, bool is_needed) {
  if (!is_needed || !given.value("reason").empty()) return {};
  return usage_error(given.command(), "--reason is missing: it tells others why");
}

Result<int> act_on_named(const Parsed& given, const wire::ClientRequest& request) {
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  ActionReport report;
  report.add_done(reply->done().count());
  report.refuse_nodes(reply->done());
  return report.finish(given);
}

}  // namespace cox::cmds
