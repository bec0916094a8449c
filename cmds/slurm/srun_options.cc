// See srun_options.h.
#include "cmds/slurm/srun_options.h"

#include <array>
#include <cstdlib>

#include "cmds/slurm/request_rows.h"
#include "cmds/slurm/request_words.h"
#include "cmds/slurm/text.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::array own_rows = {
    Option{"accel-bind", 0, "SPEC", refused, later},
    Option{"async", 0, "", refused, later},
    Option{"bcast", 0, "[=PATH]", refused, "not supported (see: sbcast)"},
    Option{"bcast-exclude", 0, "LIST", refused, later},
    Option{"compress", 0, "[=LIBRARY]", refused, later},
    Option{"container-id", 0, "ID", refused, later},
    Option{"cpu-bind", 0, "KIND", about,
           "none, cores, sockets, ldoms by cox run --bind; threads as cores; others refused"},
    Option{"cpu_bind", 0, "KIND", about, "the same as --cpu-bind", "cpu-bind"},
    Option{"debugger-test", 0, "", refused, later},
    Option{"disable-status", 'X', "", exact, ""},
    Option{"epilog", 0, "PROGRAM", refused, later},
    Option{"error", 'e', "PATTERN", exact, ""},
    Option{"exact", 0, "", exact, ""},
    Option{"exclusive", 0, "[=WHOM]", about,
           "without a value or with user; mcs and topo are refused"},
    Option{"export", 0, "LIST", exact, ""},
    Option{"external-launcher", 0, "[=WORD]", exact, ""},
    Option{"het-group", 0, "LIST", refused, "there are no heterogeneous jobs"},
    Option{"pack-group", 0, "LIST", refused, "there are no heterogeneous jobs", "het-group"},
    Option{"ignore-signals", 0, "LIST", refused, later},
    Option{"immediate", 'I', "[=SECONDS]", about, "in a job at once, whatever the seconds"},
    Option{"input", 'i', "MODE", exact, ""},
    Option{"interactive", 0, "", about, "the script's resources are free for all steps anyway"},
    Option{"jobid", 0, "ID", exact, ""},
    Option{"kill-on-bad-exit", 'K', "[=0|1]", exact, ""},
    Option{"label", 'l', "", exact, ""},
    Option{"mpi", 0, "TYPE", about, "without it and SLURM_MPI_TYPE as the program needs"},
    Option{"msg-timeout", 0, "SECONDS", about, "the controller's own times hold"},
    Option{"multi-prog", 0, "", exact, ""},
    Option{"no-allocate", 'Z', "", refused, later},
    Option{"no-kill", 'k', "[=off]", about, "a step ends when it loses a node"},
    Option{"open-mode", 0, "append|truncate", refused, later},
    Option{"output", 'o', "PATTERN", exact, ""},
    Option{"overlap", 0, "", exact, ""},
    Option{"parsable", 0, "", refused, later},
    Option{"preserve-env", 'E', "", refused, later},
    Option{"prolog", 0, "PROGRAM", refused, later},
    Option{"propagate", 0, "[=LIST]", about,
           "all limits are, whatever the list names; NONE is refused"},
    Option{"pty", 0, "[=TASK]", about, "of the first task only; no labels, no files"},
    Option{"quit-on-interrupt", 0, "", exact, ""},
    Option{"relative", 'r', "N", exact, ""},
    Option{"resv-ports", 0, "[=N]", refused, later},
    Option{"send-libs", 0, "[=yes|no]", refused, later},
    Option{"slurmd-debug", 0, "LEVEL", about, "nothing more is said"},
    Option{"task-epilog", 0, "PROGRAM", refused, later},
    Option{"task-prolog", 0, "PROGRAM", refused, later},
    Option{"test-only", 0, "", exact, ""},
    Option{"threads", 'T', "N", about, "tasks are started as fast as they can be"},
    Option{"treewidth", 0, "N", about, "the nodes' own way of talking holds"},
    Option{"unbuffered", 'u', "", exact, ""},
    Option{"wait", 'W', "SECONDS", about,
           "from the end of the first task's output, or its failure"},
    Option{"wait-for-children", 0, "", refused, later},
    Option{"whole", 0, "", exact, ""},
    Option{"x11", 0, "[=SPEC]", refused, later},
};

constexpr auto table = joined(request_rows, own_rows);

// The third column: what a job does not set itself, so that in it the user has.
constexpr std::array own_variables = {
    Variable{"BCAST", ""},
    Variable{"COMPRESS", ""},
    Variable{"DEPENDENCY", ""},
    Variable{"DISABLE_STATUS", "", true},
    Variable{"EPILOG", "", true},
    Variable{"EXACT", "", true},
    Variable{"EXPORT_ENV", "export", true},
    Variable{"EXTERNAL_LAUNCHER", "", true},
    Variable{"JOB_NAME", ""},
    Variable{"JOB_NUM_NODES", "nodes"},
    Variable{"KILL_BAD_EXIT", "kill-on-bad-exit", true},
    Variable{"LABELIO", "label", true},
    Variable{"MPI_TYPE", "mpi", true},
    Variable{"NPROCS", "ntasks", true},
    Variable{"NTASKS", "", true},
    Variable{"NTASKS_PER_NODE", "", true},
    Variable{"OPEN_MODE", "", true},
    Variable{"OVERLAP", "", true},
    Variable{"PROLOG", "", true},
    Variable{"REMOTE_CWD", "chdir", true},
    Variable{"WORKING_DIR", "chdir", true},
    Variable{"RESV_PORTS", "", true},
    Variable{"SEND_LIBS", "", true},
    Variable{"SRUN_MULTI", "multi-prog", true},
    Variable{"STDERRMODE", "error", true},
    Variable{"STDINMODE", "input", true},
    Variable{"STDOUTMODE", "output", true},
    Variable{"TASK_EPILOG", "", true},
    Variable{"TASK_PROLOG", "", true},
    Variable{"THREADS", "", true},
    Variable{"UNBUFFEREDIO", "unbuffered", true},
    Variable{"WAIT", "", true},
};

constexpr auto variables = joined(shared_variables, own_variables);

// Of the binding of an outer step the user has set only that there is none.
std::string binding_word() {
  const std::string kind = variable("SLURM_CPU_BIND");
  const bool is_none = kind == "none" || kind.ends_with(",none");
  const bool is_ours = !variable("SLURM_CPU_BIND_TYPE").empty();
  return kind.empty() || (is_ours && !is_none) || kind.find("mask_cpu") != std::string::npos
             ? ""
             : "--cpu-bind=" + kind;
}

}  // namespace

Options srun_options() {
  return table;
}

std::vector<std::string> srun_environment_words(bool is_in_job) {
  std::vector<Variable> taken;
  for (const Variable& one : variables) {
    if (one.is_for_steps || !is_in_job) taken.push_back(one);
  }
  std::vector<std::string> words = words_of(taken, "SLURM_", table);
  const std::array<Variable, 4> newer = {Variable{"EXPORT_ENV", "export"},
                                         Variable{"OUTPUT", "output"}, Variable{"ERROR", "error"},
                                         Variable{"INPUT", "input"}};
  for (std::string& word : words_of(newer, "SRUN_", table)) words.push_back(std::move(word));
  // Both lines of Slurm have their name for it; what the job itself says is no request of a step.
  std::string cpus = variable("SRUN_CPUS_PER_TASK");
  const std::string of_job = variable("SLURM_CPUS_PER_TASK");
  if (cpus.empty() && !(is_in_job && of_job == variable("COX_CPUS_PER_TASK"))) cpus = of_job;
  if (!cpus.empty()) words.push_back("--cpus-per-task=" + cpus);
  if (const std::string word = binding_word(); !word.empty()) words.push_back(word);
  return words;
}

}  // namespace cox::cmds::slurm
