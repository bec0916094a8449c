// The table of Slurm's commands and the words they share.
#include "cmds/slurm/tool.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "cmds/client/terminal.h"
#include "cmds/slurm/text.h"
#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds::slurm {
namespace {

std::string_view running = "cox";  // NOLINT: the name under which this process speaks

struct Text {
  Code code;
  std::string_view part;  // of our message
  const char* text;
};

// The first that fits. What is in no row has no words of Slurm's: ours are printed.
constexpr std::array texts = {
    Text{Code::not_found, "no job ", "Invalid job id specified"},
    Text{Code::not_found, "no partition ", "Invalid partition name specified"},
    Text{Code::bad_usage, "no partition is given",
         "No partition specified or system default partition"},
    Text{Code::not_permitted, "account ",
         "Invalid account or account/partition combination specified"},
    Text{Code::not_found, "account ", "Invalid account or account/partition combination specified"},
    Text{Code::not_found, "qos ", "Invalid qos specification"},
    Text{Code::refused, "(see: cox nodes --long)", "Invalid feature specification"},
    Text{Code::refused, "--licenses ", "Invalid license specification"},
    Text{Code::not_permitted, "", "Access/permission denied"},
    Text{Code::refused, ": retry after ", "Socket timed out on send/recv operation"},
    Text{Code::refused, " has ended", "Job/step already completing or completed"},
    Text{Code::refused, " is PENDING: steps run", "Job is pending execution"},
    Text{Code::refused, " is PENDING: it is in the queue", "Job is pending execution"},
    Text{Code::refused, " is PENDING: only a ", "Job is pending execution"},
    Text{Code::refused, ": only a running job can be suspended",
         "Job/step already completing or completed"},
    Text{Code::refused, ": only a suspended job can be resumed",
         "Job/step already completing or completed"},
    Text{Code::refused, ": steps run only in", "Job/step already completing or completed"},
    Text{Code::refused, "(without --immediate it waits)", "Requested nodes are busy"},
    Text{Code::refused, "(see: cox nodes -p ", "Requested node configuration is not available"},
    Text{Code::refused, " room for ", "More processors requested than permitted"},
    Text{Code::refused, " is none of job ", "Requested node configuration is not available"},
    Text{Code::refused, " nodes: the job has ", "Requested node configuration is not available"},
    Text{Code::refused, "M on each node: ", "Memory required by task is not available"},
    Text{Code::refused, " on each node: job ", "Invalid generic resource (gres) specification"},
    Text{Code::refused, " jobs of ",
         "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"},
    Text{Code::not_found, "no node ", "Invalid node name specified"},
    Text{Code::timed_out, "", "Socket timed out on send/recv operation"},
    Text{Code::unreachable, "", "Unable to contact slurm controller (connect failure)"},
};

// What Slurm has and we have not, or not yet.
constexpr std::array others = {
    OtherName{"scrontab", "not supported by this version"},
    OtherName{"sgather", "not supported by this version"},
    OtherName{"sreport", "not supported by this version (see: cox history, sacct)"},
    OtherName{"strigger", "not supported by this version"},
};

std::string help(const Tool& tool) {
  std::string text = std::string("Usage: ") + tool.name + " " + tool.usage + "\n\n";
  for (const Option& option : tool.options()) {
    if (option.parity == Parity::refused || *option.same_as != '\0') continue;
    std::string line = "  ";
    line += option.letter == '\0' ? "    " : std::string("-") + option.letter + ", ";
    line += std::string("--") + option.name;
    if (*option.value != '\0')
      line += (option.may_take_value() ? "" : "=") + std::string(option.value);
    if (option.parity == Parity::approximated) line += "   (" + std::string(option.how) + ")";
    text += line + "\n";
  }
  return text + "\nEvery option of Slurm's and what it does here: man cox-slurm\n";
}

int fail_with(const Error& error, int status = 1) {
  say_error(error.message);
  return status;
}

}  // namespace

std::span<const Tool* const> all_tools() {
  static constexpr std::array table = {&sacct_tool,  &sacctmgr_tool, &salloc_tool,  &sattach_tool,
                                       &sbatch_tool, &sbcast_tool,   &scancel_tool, &scontrol_tool,
                                       &sdiag_tool,  &sinfo_tool,    &sprio_tool,   &squeue_tool,
                                       &srun_tool,   &sshare_tool,   &sstat_tool};
  return table;
}

std::span<const OtherName> other_names() {
  return others;
}

const OtherName* other_named(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  const auto found = std::ranges::find(others, name, &OtherName::name);
  return found == others.end() ? nullptr : &*found;
}

int run_other(const OtherName& other, const std::vector<std::string>& words) {
  running = other.name;
  const bool asks_version = !words.empty() && (words[0] == "-V" || words[0] == "--version");
  if (!asks_version) return fail_with(Error{Code::bad_usage, other.how});
  const auto printed = print(version_text());
  return printed ? 0 : fail_with(printed.error());
}

const Tool* tool_named(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  for (const Tool* tool : all_tools()) {
    if (name == tool->name) return tool;
  }
  return nullptr;
}

int run_tool(const Tool& tool, const std::vector<std::string>& words) {
  running = tool.name;
  const auto given = read_words(tool.options(), words, tool.stop);
  if (!given) {
    say_plain(std::string(tool.name) + ": " + given.error().message);
    say_plain(std::string("Try \"") + tool.name + " --help\" for more information");
    return 1;
  }
  if (given->has("version") || given->has("help") || given->has("usage")) {
    const auto printed = print(given->has("version") ? version_text() : help(tool));
    return printed ? 0 : fail_with(printed.error());
  }
  const auto status = tool.run(*given);
  if (status) return *status;
  const bool has_own_status = tool.stop == Stop::at_operand;  // sbatch, salloc, srun
  return fail_with(status.error(), has_own_status ? own_status("SLURM_EXIT_ERROR") : 1);
}

int own_status(const char* name) {
  const auto status = parse_u64(variable(name));
  return status && *status > 0 && *status < 256 ? static_cast<int>(*status) : 1;
}

std::string version_text() {
  return "slurm 22.05.8\n";
}

void say_plain(std::string_view message) {
  static_cast<void>(platform::write_all(STDERR_FILENO, "stderr",
                                        quoted(message, message.size() * 4 + 16) + "\n"));
}

void say(std::string_view message) {
  say_plain(std::string(running) + ": " + std::string(message));
}

void say_error(std::string_view message) {
  say("error: " + std::string(message));
}

void say_note(const std::string& message) {
  if (stderr_is_terminal()) say(message);
}

std::optional<std::string> slurm_text(const Error& error) {
  for (const Text& text : texts) {
    if (text.code == error.code && error.message.find(text.part) != std::string::npos) {
      return text.text;
    }
  }
  return std::nullopt;
}

Result<Session> open_session() {
  const auto cluster = find_cluster("");
  if (!cluster) {
    return Failure(
        cluster.error().with_context("Unable to contact slurm controller (connect failure)"));
  }
  auto session = Session::open(*cluster);
  if (session) return session;
  const auto text = slurm_text(session.error());
  return text ? Failure(session.error().with_context(*text)) : Failure(session.error());
}

Result<int> jobs_not_loaded(const Error& error) {
  const bool is_put_off = error.message.find(": retry after ") != std::string::npos;
  if (!is_put_off) return Failure(error);
  say_plain("slurm_load_jobs error: " + slurm_text(error).value_or(error.message));
  return 1;
}

Result<std::string> own_cluster(Session& session) {
  wire::ClientRequest request;
  request.mutable_status();
  const auto reply = session.ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  return reply->status().cluster();
}

Result<std::string> check_clusters(Session& session, const Words& given) {
  if (!given.has("clusters")) return std::string();
  auto own = own_cluster(session);
  if (!own) return own;
  const std::string wanted = given.value("clusters");
  for (const std::string_view name : split(wanted, ',')) {
    if (name == *own || name == "all") return own;
  }
  return fail(Code::bad_usage, "No cluster '" + quoted(wanted) + "' known by database.");
}

}  // namespace cox::cmds::slurm
