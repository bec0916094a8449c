// Slurm's commands: which one our name asks for, what each has in tables, and how they speak.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/session.h"
#include "cmds/slurm/option_table.h"
#include "common/result.h"

namespace cox::cmds::slurm {

/// A field that an output format may name.
struct FieldName {
  std::string name;  // "%i" or "JobID"
  Parity parity;
};

/// Of a table whose rows have a `name` and a `parity`.
template <class Fields>
std::vector<FieldName> names_of(const Fields& fields) {
  std::vector<FieldName> names;
  for (const auto& field : fields) names.push_back({field.name, field.parity});
  return names;
}

/// One of Slurm's commands.
struct Tool {
  const char* name;
  const char* usage;
  Options (*options)();
  Stop stop;
  std::vector<FieldName> (*fields)();  // may be null
  Result<int> (*run)(const Words& given);
};

extern const Tool sacct_tool;
extern const Tool sacctmgr_tool;
extern const Tool salloc_tool;
extern const Tool sattach_tool;
extern const Tool sbatch_tool;
extern const Tool sbcast_tool;
extern const Tool scancel_tool;
extern const Tool scontrol_tool;
extern const Tool sdiag_tool;
extern const Tool sinfo_tool;
extern const Tool sprio_tool;
extern const Tool squeue_tool;
extern const Tool srun_tool;
extern const Tool sshare_tool;
extern const Tool sstat_tool;

std::span<const Tool* const> all_tools();
/// The command whose name is the last part of `program`; null where there is none.
const Tool* tool_named(std::string_view program);
/// The whole life of a command: reads `words`, runs it, prints its error. Returns the exit status.
int run_tool(const Tool& tool, const std::vector<std::string>& words);

/// One of Slurm's commands that is recognised, and refused with a reason.
struct OtherName {
  const char* name;
  const char* how;
};

std::span<const OtherName> other_names();
/// As tool_named().
const OtherName* other_named(std::string_view program);
int run_other(const OtherName& other, const std::vector<std::string>& words);

/// The exit status that the variable `name` has for a failure of the command itself; 1 without it.
int own_status(const char* name);
/// What --version says.
std::string version_text();
/// "NAME: error: MESSAGE" on stderr, where NAME is the command that runs.
void say_error(std::string_view message);
/// "NAME: MESSAGE" on stderr.
void say(std::string_view message);
/// A line on stderr that is only MESSAGE.
void say_plain(std::string_view message);
/// What was done instead of what was asked, said where a person reads: tools that read stderr of a
/// command that went well want it empty.
void say_note(const std::string& message);

/// error: in the words that tools look for, "Unable to contact slurm controller (...)"
Result<Session> open_session();
/// Slurm's text for a refusal of ours; nothing where it has none.
std::optional<std::string> slurm_text(const Error& error);
/// What is said where the controller has too many lists under way, and the exit status.
/// error: `error` where it is another
Result<int> jobs_not_loaded(const Error& error);
/// The name of the cluster that was asked.
Result<std::string> own_cluster(Session& session);
/// -M: the cluster's own name or "all". error: bad_usage for another one
Result<std::string> check_clusters(Session& session, const Words& given);

}  // namespace cox::cmds::slurm
