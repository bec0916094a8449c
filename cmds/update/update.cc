// cox update: changes what jobs ask for.
#include <algorithm>
#include <set>

#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"
#include "cmds/client/submission.h"
#include "cmds/update/changes.h"
#include "common/text.h"

namespace cox::cmds {
namespace update_locals {
namespace {

Result<int> run(const Parsed& given) {
  NormalWords words;
  words.options = given.options();
  wire::JobChanges changes;
  bool is_any = false;
  std::set<std::string> keys;
  const Instant now = wall_now();
  for (const std::string& word : given.operands()) {
    if (word.find('=') == std::string::npos) {
      const auto known = update_keys();
      if (std::ranges::find(known, word) != known.end()) {
        return usage_error(given.command(), word + ": " + word + "=VALUE is expected");
      }
      words.operands.push_back(word);
      continue;
    }
    is_any = true;
    const std::string key = word.substr(0, word.find('='));
    if (key != "label" && !keys.insert(key).second) {
      return fail(Code::bad_usage, quoted(key) + ": is given twice");
    }
    if (auto added = add_change(word, now, &changes); !added) return Failure(added.error());
  }
  if (!is_any) return usage_error(given.command(), "KEY=VALUE is missing");
  wire::JobAction action;
  action.set_kind(wire::JobAction::UPDATE);
  *action.mutable_changes() = std::move(changes);
  return run_job_action(Parsed(given.command(), std::move(words)), action);
}

}  // namespace
}  // namespace update_locals

const Command update_command{"update",
                             "JOB... | --user USER | -l SELECTOR KEY=VALUE...",
                             "change what jobs ask for",
                             job_action_options,
                             Operands::anywhere,
                             0,
                             update_locals::run};

}  // namespace cox::cmds
