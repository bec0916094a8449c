// See action_report.h.
#include "cmds/client/action_report.h"

#include "cmds/client/commands.h"
#include "cmds/client/json.h"
#include "cmds/client/terminal.h"

namespace cox::cmds {

void ActionReport::refuse(const std::string& name, const Error& error) {
  const bool is_named = error.message.find(name) != std::string::npos;
  print_error(is_named ? error.message : name + ": " + error.message);
  refusals_.push_back({name, error});
}

Result<int> ActionReport::finish(const Parsed& given) const {
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

}  // namespace cox::cmds
