// cox submit: hands a script or a command to the controller and prints the job's id.
#include <unistd.h>

#include "cmds/client/commands.h"
#include "cmds/client/directives.h"
#include "cmds/client/json.h"
#include "cmds/client/local_instants.h"
#include "cmds/client/request_options.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "cmds/client/wording.h"
#include "common/text.h"
#include "model/array_spec.h"
#include "platform/file.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace submit_locals {
namespace {

OptionTable options() {
  static const std::vector<OptionSpec> table = with_request_options(
      {{"array", 'a', "RANGE", "a job array: 0-99, 1,3-5, 0-30:10, with %N at once"},
       {"open-mode", 0, "append|truncate", "what to do with an output file that exists"},
       {"key", 0, "WORDS", "submit once: the same words, the same job"},
       {"dry-run", 0, "", "submit nothing: would it start, where and when?"},
       json_option,
       cluster_option,
       help_option});
  return table;
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

Result<void> set_array(const std::string& text, RequestDraft* draft) {
  auto array = parse_array(text);
  if (!array) return Failure(array.error().with_context("--array"));
  draft->job.common.edit().array = std::move(*array);
  return {};
}

Result<void> apply(const GivenOption& option, Instant now, RequestDraft* draft) {
  const std::string_view name = option.spec->name;
  if (name == "array") return set_array(option.value, draft);
  if (name == "key") {
    if (option.where.empty()) return {};
    return fail(Code::bad_usage, "--key: not in a script, of which it would make one job for ever");
  }
  if (name != "open-mode") return apply_option(option, now, draft);
  const std::string_view mode = option.value;
  if (mode.empty() || !(std::string_view("append").starts_with(mode) ||
                        std::string_view("truncate").starts_with(mode))) {
    return fail(Code::bad_usage, "--open-mode " + quoted(mode) + ": append or truncate");
  }
  JobCommon& common = draft->job.common.edit();
  common.append_output = mode.front() == 'a';
  common.truncate_output = !common.append_output;
  return {};
}

Result<void> apply_all(const std::vector<GivenOption>& options, RequestDraft* draft) {
  const Instant now = wall_now();
  for (const GivenOption& option : options) {
    const auto applied = apply(option, now, draft);
    if (applied) continue;
    if (option.where.empty()) return applied;
    return Failure(applied.error().with_context(option.where));
  }
  return {};
}

/// What is about the command and not about the job says nothing in a script.
Result<void> check_directives(const std::vector<GivenOption>& directives) {
  for (const GivenOption& option : directives) {
    const std::string_view name = option.spec->name;
    const bool is_own = name == "array" || name == "open-mode" || name == "key";
    if (is_own || is_request_option(name)) continue;
    return fail(Code::bad_usage,
                option.where + ": --" + option.spec->name + ": belongs on the command line");
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
  if (auto meant = check_directives(*directives); !meant) return Failure(meant.error());
  if (auto once = check_given_once(*directives); !once) {
    return Failure(once.error().with_context(name));
  }
  const auto applied = apply_all(*directives, draft);
  if (!applied) return Failure(applied.error());
  draft->job.argv.assign(given.operands().begin() + 1, given.operands().end());
  if (draft->job.name.empty()) draft->job.name = name == "-" ? "stdin" : default_job_name(name);
  return script;
}

struct Submission {
  wire::Submit message;
  Wording wording;
};

Result<Submission> read_submission(const Parsed& given) {
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
    draft.job.name = default_job_name(given.operands().front());
  } else {
    auto read = take_script(given, &draft);
    if (!read) return Failure(read.error());
    script = std::move(*read);
  }
  if (auto once = check_given_once(given.options()); !once) return Failure(once.error());
  const auto applied = apply_all(given.options(), &draft);
  if (!applied) return Failure(applied.error());
  const auto completed = complete(&draft);
  if (!completed) return Failure(completed.error());
  const auto collected = collect_surroundings(&draft.job);
  if (!collected) return Failure(collected.error());
  auto message = make_submit(draft, script);
  if (!message) return Failure(message.error());
  if (given.has("key")) {
    if (given.value("key").empty()) return usage_error(given.command(), "--key: words are missing");
    const ClientKey key = client_key_of(given.value("key"));
    message->set_key_high(key.words[0]);
    message->set_key_low(key.words[1]);
  }
  return Submission{std::move(*message), wording_of(draft)};
}

/// "would start now on n[1-2]", or what it would wait for.
std::string forecast(const wire::Submitted& submitted) {
  const wire::Explanation& verdict = submitted.verdict();
  if (submitted.job() != 0) return "was submitted before: job " + std::to_string(submitted.job());
  if (!verdict.nodes().empty()) return "would start now on " + verdict.nodes();
  std::string text = "would wait: " + verdict.summary();
  if (!verdict.next_event().empty()) text += "\nnext: " + verdict.next_event();
  for (const wire::Check& check : verdict.checks()) {
    if (check.passed() && check.name().starts_with("expected start")) {
      text += "\n" + check.name() + ": " + check.detail();
    }
  }
  return text;
}

std::string text_of(const wire::Submitted& submitted, const Parsed& given) {
  const bool is_dry = given.has("dry-run");
  if (!given.has("json")) {
    return (is_dry ? with_local_instants(forecast(submitted)) : std::to_string(submitted.job())) +
           "\n";
  }
  JsonWriter json;
  if (submitted.job() == 0) {
    json.null("job");
  } else {
    json.number("job", std::uint64_t{submitted.job()});
  }
  if (is_dry) write_verdict(submitted.verdict(), &json);
  return json.take();
}

Result<int> run(const Parsed& given) {
  auto submission = read_submission(given);
  if (!submission) return Failure(submission.error());
  submission->message.set_dry_run(given.has("dry-run"));
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  wire::ClientRequest request;
  *request.mutable_submit() = std::move(submission->message);
  const auto reply = session->ask_surely(std::move(request));
  const bool may_be_queued = !reply && session->may_be_obeyed(reply.error());
  if (may_be_queued && !given.has("dry-run")) return Failure(unanswered(reply.error()));
  if (!reply) return Failure(reworded(reply.error(), submission->wording));
  const auto printed = print(text_of(reply->submitted(), given));
  if (printed) return 0;
  if (given.has("dry-run")) return Failure(printed.error());
  // Who takes this for a refusal would submit it again.
  return fail(Code::timed_out, "job " + std::to_string(reply->submitted().job()) +
                                   " is queued, but: " + printed.error().message);
}

}  // namespace
}  // namespace submit_locals

const Command submit_command{"submit",
                             "[OPTIONS] SCRIPT [ARGS] | [OPTIONS] -- COMMAND [ARGS]",
                             "queue a script or a command; prints the job's id",
                             submit_locals::options,
                             Operands::end_options,
                             0,
                             submit_locals::run};

}  // namespace cox::cmds
