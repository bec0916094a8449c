// cox submit: hands a script or a command to the controller and prints the job's id.
#include <unistd.h>

#include "cmds/client/commands.h"
#include "cmds/client/directives.h"
#include "cmds/client/json.h"
#include "cmds/client/request_options.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "common/text.h"
#include "platform/file.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace {

OptionTable options() {
  static const std::vector<OptionSpec> table = with_request_options(
      {{"open-mode", 0, "append|truncate", "what to do with an output file that exists"},
       {"dry-run", 0, "", "check only: would it be accepted?"},
       json_option,
       cluster_option,
       help_option});
  return table;
}

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<std::string> read_script(const std::string& name) {
  auto script = name == "-" || name == "/dev/stdin"
                    ? platform::read_all(STDIN_FILENO, "stdin", wire::script_bytes_max)
                    : platform::read_file(name, wire::script_bytes_max);
  if (!script) return Failure(script.error());
  const auto checked = check_script(*script, name == "-" ? "stdin" : name);
  if (!checked) return Failure(checked.error());
  return script;
}

Result<void> apply_all(const std::vector<GivenOption>& options, RequestDraft* draft) {
  const Instant now = wall_now();
  for (const GivenOption& option : options) {
    const auto applied = apply_option(option, now, draft);
    if (!applied) return applied;
    if (std::string_view(option.spec->name) != "open-mode") continue;
    const std::string_view mode = option.value;
    if (mode.empty() || !(std::string_view("append").starts_with(mode) ||
                          std::string_view("truncate").starts_with(mode))) {
      return fail(Code::bad_usage, "--open-mode " + quoted(mode) + ": append or truncate");
    }
    draft->job.common.edit().append_output = mode.front() == 'a';
  }
  return {};
}

/// A script: its directives first, so that the command line wins.
Result<std::string> take_script(const Parsed& given, RequestDraft* draft) {
  const std::string& name = given.operands().front();
  auto script = read_script(name);
  if (!script) return script;
  const auto directives = directive_options(given.command().options(), *script, name);
  if (!directives) return Failure(directives.error());
  const auto applied = apply_all(*directives, draft);
  if (!applied) return Failure(applied.error().with_context(name));
  draft->job.argv.assign(given.operands().begin() + 1, given.operands().end());
  if (draft->job.name.empty()) draft->job.name = name == "-" ? "stdin" : base_name(name);
  return script;
}

Result<wire::Submit> read_submission(const Parsed& given) {
  RequestDraft draft;
  std::string script;
  if (given.operands().empty()) {
    return usage_error(given.command(), "a script, or -- and a command, is missing");
  }
  if (given.has_dashes() && given.operands().front().empty()) {
    return usage_error(given.command(), "the command after -- is empty");
  }
  if (given.has_dashes()) {
    draft.job.argv = given.operands();
    draft.job.name = base_name(given.operands().front());
  } else {
    auto read = take_script(given, &draft);
    if (!read) return Failure(read.error());
    script = std::move(*read);
  }
  const auto applied = apply_all(given.options(), &draft);
  if (!applied) return Failure(applied.error());
  const auto completed = complete(&draft);
  if (!completed) return Failure(completed.error());
  const auto collected = collect_surroundings(&draft.job);
  if (!collected) return Failure(collected.error());
  return make_submit(draft, script);
}

Result<int> run(const Parsed& given) {
  auto submit = read_submission(given);
  if (!submit) return Failure(submit.error());
  submit->set_dry_run(given.has("dry-run"));
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  wire::ClientRequest request;
  *request.mutable_submit() = std::move(*submit);
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  std::string text = std::to_string(reply->submitted().job()) + "\n";
  if (given.has("dry-run")) text = "would be accepted\n";
  if (given.has("json")) {
    JsonWriter json;
    json.number("job", std::uint64_t{reply->submitted().job()});
    text = json.take();
  }
  const auto printed = print(text);
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace

const Command submit_command{"submit",
                             "[OPTIONS] SCRIPT [ARGS] | [OPTIONS] -- COMMAND [ARGS]",
                             "queue a script or a command; prints the job's id",
                             options,
                             Operands::end_options,
                             0,
                             run};

}  // namespace cox::cmds
