// scontrol: shows what there is, holds, releases, requeues, suspends and resumes jobs.
#include <algorithm>
#include <array>

#include "cmds/client/job_ids.h"
#include "cmds/client/submission.h"
#include "cmds/client/table.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/scontrol_show.h"
#include "cmds/slurm/scontrol_update.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace scontrol_locals {
namespace {

Options options() {
  static constexpr std::array table = {
      Option{"all", 'a', "", exact, ""},
      Option{"clusters", 'M', "LIST", exact, ""},
      Option{"cluster", 0, "LIST", exact, "", "clusters"},
      Option{"details", 'd', "", about, "nothing more is said"},
      Option{"federation", 0, "", exact, ""},
      Option{"future", 'F', "", exact, ""},
      Option{"help", 'h', "", exact, ""},
      Option{"hide", 0, "", exact, ""},
      Option{"json", 0, "", refused, "not supported (see: cox show --json)"},
      Option{"local", 0, "", exact, ""},
      Option{"oneliner", 'o', "", exact, ""},
      Option{"quiet", 'Q', "", exact, ""},
      Option{"sibling", 0, "", exact, ""},
      Option{"uid", 'u', "USER", refused, "not supported by this version"},
      Option{"usage", 0, "", exact, ""},
      Option{"verbose", 'v', "", about, "nothing more is said"},
      Option{"version", 'V', "", exact, ""},
      Option{"yaml", 0, "", refused, "not supported (see: cox show --json)"},
  };
  return table;
}

using Arguments = std::vector<std::string>;
using Run = Result<int> (*)(const Words& given, const Arguments& arguments);

Result<std::vector<JobName>> read_jobs(const Arguments& arguments) {
  std::vector<JobName> jobs;
  for (const std::string& argument : arguments) {
    for (const std::string& part : list_parts(argument)) {
      const auto name = parse_job_name(part);
      if (!name || name->step) return fail(Code::bad_usage, "Invalid job id " + quoted(part));
      jobs.push_back(*name);
    }
  }
  if (jobs.empty()) return fail(Code::bad_usage, "too few arguments: a job id is missing");
  return jobs;
}

/// One request a job: each that is refused is told, the others are served.
Result<int> act(const Words& given, const std::vector<JobName>& jobs, const wire::JobAction& what) {
  auto session = open_session();
  if (!session) return Failure(session.error());
  int status = 0;
  const auto tell = [&](const JobName& job, const Error& error) {
    status = 1;
    if (!given.has("quiet")) {
      say_plain(slurm_text(error).value_or(error.message) + " for job " + job.text);
    }
  };
  for (const JobName& job : jobs) {
    wire::ClientRequest request;
    *request.mutable_job_action() = what;
    put_names({job}, request.mutable_job_action());
    const auto reply = session->ask_surely(std::move(request));
    if (!reply) {
      tell(job, reply.error());
      continue;
    }
    for (const auto& error : reply->done().errors()) tell(job, to_error(error.error()));
  }
  return status;
}

Result<int> act_on(const Words& given,
                   const Arguments& arguments,
                   wire::JobAction::Kind kind,
                   bool with_hold = false) {
  const auto jobs = read_jobs(arguments);
  if (!jobs) return Failure(jobs.error());
  wire::JobAction action;
  action.set_kind(kind);
  action.set_hold(with_hold);
  return act(given, *jobs, action);
}

Result<int> hold(const Words& given, const Arguments& arguments) {
  return act_on(given, arguments, wire::JobAction::HOLD);
}

Result<int> release(const Words& given, const Arguments& arguments) {
  return act_on(given, arguments, wire::JobAction::RELEASE);
}

Result<int> requeue(const Words& given, const Arguments& arguments) {
  return act_on(given, arguments, wire::JobAction::REQUEUE);
}

Result<int> requeue_held(const Words& given, const Arguments& arguments) {
  return act_on(given, arguments, wire::JobAction::REQUEUE, true);
}

Result<int> suspend(const Words& given, const Arguments& arguments) {
  return act_on(given, arguments, wire::JobAction::SUSPEND);
}

Result<int> resume(const Words& given, const Arguments& arguments) {
  return act_on(given, arguments, wire::JobAction::RESUME);
}

/// "JobId=N KEY=VALUE ...", also "job N KEY=VALUE ...".
Result<int> update(const Words& given, const Arguments& arguments) {
  wire::JobAction action;
  action.set_kind(wire::JobAction::UPDATE);
  Arguments ids;
  bool is_any = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::size_t equals = arguments[i].find('=');
    const std::string key = upper(arguments[i].substr(0, equals));
    const bool is_job = key == "JOB" || key == "JOBID";
    if (is_job && equals == std::string::npos && i + 1 < arguments.size()) {
      ids.push_back(arguments[++i]);
    } else if (is_job && equals != std::string::npos) {
      ids.push_back(arguments[i].substr(equals + 1));
    } else if (equals == std::string::npos) {
      return fail(Code::bad_usage, "Invalid input: " + quoted(arguments[i]));
    } else {
      const auto added = add_update(key, arguments[i].substr(equals + 1), action.mutable_changes());
      if (!added) return Failure(added.error());
      is_any = true;
    }
  }
  const auto jobs = read_jobs(ids);
  if (!jobs) return Failure(jobs.error());
  if (!is_any) return fail(Code::bad_usage, "No changes specified");
  return act(given, *jobs, action);
}

Result<int> ping(const Words& /*given*/, const Arguments& /*arguments*/) {
  auto session = open_session();
  wire::ClientRequest request;
  request.mutable_status();
  const auto reply = session ? session->ask_surely(std::move(request))
                             : Result<wire::ClientReply>(Failure(session.error()));
  const auto cluster = find_cluster("");
  const std::string where = cluster ? cluster->address.text() : "(null)";
  const auto printed =
      print("Slurmctld(primary) at " + where + " is " + (reply ? "UP" : "DOWN") + "\n");
  if (!printed) return Failure(printed.error());
  return reply ? 0 : 1;
}

Result<int> version(const Words& /*given*/, const Arguments& /*arguments*/) {
  const auto printed = print(version_text());
  return printed ? Result<int>(0) : Failure(printed.error());
}

struct Command {
  const char* name;
  std::size_t letters;  // how many of them are enough
  Parity parity;
  Run run;  // null: refused
};

constexpr std::array commands = {
    Command{"completing", 4, refused, nullptr},  Command{"create", 2, refused, nullptr},
    Command{"delete", 1, refused, nullptr},      Command{"hold", 2, exact, hold},
    Command{"listpids", 1, refused, nullptr},    Command{"notify", 1, refused, nullptr},
    Command{"pidinfo", 3, refused, nullptr},     Command{"ping", 3, exact, ping},
    Command{"reconfigure", 3, refused, nullptr}, Command{"release", 3, exact, release},
    Command{"requeue", 3, exact, requeue},       Command{"requeuehold", 8, exact, requeue_held},
    Command{"resume", 3, exact, resume},         Command{"show", 3, exact, scontrol_show},
    Command{"shutdown", 8, refused, nullptr},    Command{"suspend", 2, exact, suspend},
    Command{"top", 1, refused, nullptr},         Command{"uhold", 2, exact, hold},
    Command{"update", 1, about, update},         Command{"version", 4, exact, version},
    Command{"wait_job", 2, refused, nullptr},    Command{"write", 2, refused, nullptr},
};

std::vector<FieldName> command_names() {
  std::vector<FieldName> names;
  for (const Command& command : commands) names.push_back({command.name, command.parity});
  for (const ShowEntity& entity : show_entities()) {
    names.push_back({std::string("show ") + entity.name, entity.parity});
  }
  for (const UpdateKey& key : update_keys()) {
    names.push_back({std::string("update ") + key.name, key.parity});
  }
  return names;
}

Result<int> run(const Words& given) {
  if (given.operands.empty()) {
    return fail(Code::bad_usage,
                "a command is missing: commands are not read from a terminal here "
                "(see: scontrol --help)");
  }
  std::string word = given.operands.front();
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const auto found = std::ranges::find_if(commands, [&](const Command& command) {
    return word.size() >= command.letters && std::string_view(command.name).starts_with(word);
  });
  if (found == commands.end()) {
    return fail(Code::bad_usage, "invalid keyword: " + quoted(given.operands.front()));
  }
  if (found->run == nullptr) {
    return fail(Code::bad_usage,
                std::string(found->name) + ": not supported by this version (see: man cox-slurm)");
  }
  if (given.has("clusters")) {
    auto session = open_session();
    if (!session) return Failure(session.error());
    const auto cluster = check_clusters(*session, given);
    if (!cluster) return Failure(cluster.error());
  }
  return found->run(given, Arguments(given.operands.begin() + 1, given.operands.end()));
}

}  // namespace
}  // namespace scontrol_locals

const Tool scontrol_tool{"scontrol",  "[OPTIONS] COMMAND [ARGUMENTS...]", scontrol_locals::options,
                         Stop::never, scontrol_locals::command_names,     scontrol_locals::run};

}  // namespace cox::cmds::slurm
