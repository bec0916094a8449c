// The option table of sbatch, and what each option does.
#include "cmds/slurm/sbatch_options.h"

#include <algorithm>
#include <array>

#include "cmds/client/submission.h"
#include "cmds/slurm/text.h"
#include "common/text.h"
#include "model/array_spec.h"
#include "platform/file.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::size_t node_file_bytes_max = 1U << 20;

constexpr std::array table = {
    Option{"account", 'A', "NAME", exact, ""},
    Option{"acctg-freq", 0, "LIST", about, "usage is taken as the node daemon takes it"},
    Option{"array", 'a', "RANGE", exact, ""},
    Option{"batch", 0, "LIST", refused, later},
    Option{"bb", 0, "SPEC", refused, later},
    Option{"bbf", 0, "FILE", refused, later},
    Option{"begin", 'b', "WHEN", about,
           "the forms of cox submit --begin; not AM, PM, MM/DD/YY, teatime"},
    Option{"chdir", 'D', "DIR", exact, ""},
    Option{"workdir", 0, "DIR", exact, "", "chdir"},
    Option{"clusters", 'M', "LIST", exact, ""},
    Option{"cluster", 0, "LIST", exact, "", "clusters"},
    Option{"cluster-constraint", 0, "LIST", refused, "there is one cluster"},
    Option{"comment", 0, "TEXT", exact, ""},
    Option{"constraint", 'C', "FEATURES", refused, later},
    Option{"container", 0, "PATH", refused, later},
    Option{"context", 0, "TEXT", refused, later},
    Option{"contiguous", 0, "", refused, later},
    Option{"core-spec", 'S', "N", refused, later},
    Option{"cores-per-socket", 0, "N", refused, later},
    Option{"cpu-freq", 0, "SPEC", refused, later},
    Option{"cpus-per-gpu", 0, "N", refused, later},
    Option{"cpus-per-task", 'c', "N", exact, ""},
    Option{"deadline", 0, "WHEN", about, "the forms of cox submit --deadline"},
    Option{"delay-boot", 0, "MINUTES", refused, later},
    Option{"dependency", 'd', "LIST", exact, ""},
    Option{"distribution", 'm', "SPEC", refused, later},
    Option{"error", 'e', "PATTERN", exact, ""},
    Option{"exclude", 'x', "NODES", exact, ""},
    Option{"exclusive", 0, "[=WHOM]", about,
           "without a value only; user, mcs and topo are refused"},
    Option{"export", 0, "LIST", about, "variables SLURM_... of the submitting shell stay there"},
    Option{"export-file", 0, "FILE", refused, later},
    Option{"extra-node-info", 'B', "SPEC", refused, later},
    Option{"get-user-env", 0, "[=SPEC]", about, "the environment is that of the submission"},
    Option{"gid", 0, "GROUP", refused, later},
    Option{"gpu-bind", 0, "SPEC", refused, later},
    Option{"gpu-freq", 0, "SPEC", refused, later},
    Option{"gpus", 'G', "[TYPE:]N", exact, ""},
    Option{"gpus-per-node", 0, "[TYPE:]N", exact, ""},
    Option{"gpus-per-socket", 0, "[TYPE:]N", refused, later},
    Option{"gpus-per-task", 0, "[TYPE:]N", refused, later},
    Option{"gres", 0, "LIST", exact, ""},
    Option{"gres-flags", 0, "LIST", refused, later},
    Option{"help", 'h', "", exact, ""},
    Option{"hint", 0, "WORD", refused, later},
    Option{"hold", 'H', "", exact, ""},
    Option{"ignore-pbs", 0, "", exact, ""},
    Option{"input", 'i', "PATTERN", exact, ""},
    Option{"job-name", 'J', "NAME", exact, ""},
    Option{"kill-on-invalid-dep", 0, "yes|no", exact, ""},
    Option{"licenses", 'L', "LIST", refused, later},
    Option{"mail-type", 0, "LIST", about, "no mail is sent"},
    Option{"mail-user", 0, "ADDRESS", about, "no mail is sent"},
    Option{"mcs-label", 0, "TEXT", refused, later},
    Option{"mem", 0, "SIZE", exact, ""},
    Option{"mem-bind", 0, "SPEC", refused, later},
    Option{"mem-per-cpu", 0, "SIZE", exact, ""},
    Option{"mem-per-gpu", 0, "SIZE", refused, later},
    Option{"mincpus", 0, "N", refused, later},
    Option{"network", 0, "SPEC", refused, later},
    Option{"nice", 0, "[=N]", exact, ""},
    Option{"no-kill", 'k', "[=off]", refused, "a job ends, or is requeued, when it loses a node"},
    Option{"no-requeue", 0, "", exact, ""},
    Option{"nodefile", 'F', "FILE", exact, ""},
    Option{"nodelist", 'w', "NODES", exact, ""},
    Option{"nodes", 'N', "MIN[-MAX]", about, "the suffixes k and m are refused"},
    Option{"ntasks", 'n', "N", exact, ""},
    Option{"ntasks-per-core", 0, "N", refused, later},
    Option{"ntasks-per-gpu", 0, "N", refused, later},
    Option{"ntasks-per-node", 0, "N", exact, ""},
    Option{"ntasks-per-socket", 0, "N", refused, later},
    Option{"ntasks-per-tres", 0, "N", refused, later},
    Option{"open-mode", 0, "append|truncate", exact, ""},
    Option{"output", 'o', "PATTERN", exact, ""},
    Option{"overcommit", 'O', "", refused, "a task has a core"},
    Option{"oversubscribe", 's', "", refused, "cores are never shared by jobs"},
    Option{"share", 0, "", refused, "cores are never shared by jobs", "oversubscribe"},
    Option{"parsable", 0, "", exact, ""},
    Option{"partition", 'p', "LIST", exact, ""},
    Option{"power", 0, "SPEC", refused, later},
    Option{"prefer", 0, "FEATURES", refused, later},
    Option{"priority", 0, "N", refused, "priorities are reckoned (see: --nice)"},
    Option{"profile", 0, "LIST", refused, later},
    Option{"propagate", 0, "[=LIST]", about,
           "all limits are, whatever the list names; NONE is refused"},
    Option{"qos", 'q', "NAME", exact, ""},
    Option{"quiet", 'Q', "", exact, ""},
    Option{"reboot", 0, "", refused, later},
    Option{"requeue", 0, "", exact, ""},
    Option{"reservation", 0, "NAME", refused, "there are no reservations"},
    Option{"signal", 0, "[B:]SIG[@S]", exact, ""},
    Option{"sockets-per-node", 0, "N", refused, later},
    Option{"spread-job", 0, "", refused, later},
    Option{"switches", 0, "N[@TIME]", refused, later},
    Option{"tasks-per-node", 0, "N", exact, "", "ntasks-per-node"},
    Option{"test-only", 0, "", refused, "not supported (see: cox submit --dry-run)"},
    Option{"thread-spec", 0, "N", refused, later},
    Option{"threads-per-core", 0, "N", refused, later},
    Option{"time", 't', "LIMIT", exact, ""},
    Option{"time-min", 0, "LIMIT", refused, later},
    Option{"tmp", 0, "SIZE", refused, later},
    Option{"uid", 0, "USER", refused, later},
    Option{"usage", 0, "", exact, ""},
    Option{"use-min-nodes", 0, "", refused, later},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
    Option{"wait", 'W', "", refused, "not supported (see: cox wait)"},
    Option{"wait-all-nodes", 0, "0|1", exact, ""},
    Option{"wckey", 0, "TEXT", about, "it is not kept"},
    Option{"wrap", 0, "COMMAND", exact, ""},
    Option{"x11", 0, "[=SPEC]", refused, later},
};

// Options of sbatch's own that are looked up later.
constexpr std::array own_names = {"clusters", "parsable", "quiet",          "verbose",
                                  "wrap",     "help",     "wait-all-nodes", "ignore-pbs"};
// What changes nothing a result depends on is accepted, with a word to whoever reads.
constexpr std::array noted_names = {"acctg-freq", "get-user-env", "mail-type", "mail-user",
                                    "wckey"};

struct Variable {
  const char* name;    // behind SBATCH_
  const char* option;  // "" when its name is the option's
};

constexpr std::array variables = {Variable{"ACCOUNT", ""},
                                  Variable{"ACCTG_FREQ", ""},
                                  Variable{"ARRAY_INX", "array"},
                                  Variable{"BATCH", ""},
                                  Variable{"CLUSTERS", ""},
                                  Variable{"CLUSTER_CONSTRAINT", ""},
                                  Variable{"CONSTRAINT", ""},
                                  Variable{"CONTAINER", ""},
                                  Variable{"CORE_SPEC", ""},
                                  Variable{"CPUS_PER_GPU", ""},
                                  Variable{"CPU_FREQ_REQ", "cpu-freq"},
                                  Variable{"DELAY_BOOT", ""},
                                  Variable{"DISTRIBUTION", ""},
                                  Variable{"ERROR", ""},
                                  Variable{"EXCLUSIVE", ""},
                                  Variable{"EXPORT", ""},
                                  Variable{"GET_USER_ENV", ""},
                                  Variable{"GPUS", ""},
                                  Variable{"GPUS_PER_NODE", ""},
                                  Variable{"GPUS_PER_SOCKET", ""},
                                  Variable{"GPUS_PER_TASK", ""},
                                  Variable{"GPU_BIND", ""},
                                  Variable{"GPU_FREQ", ""},
                                  Variable{"GRES", ""},
                                  Variable{"GRES_FLAGS", ""},
                                  Variable{"HINT", ""},
                                  Variable{"IGNORE_PBS", ""},
                                  Variable{"INPUT", ""},
                                  Variable{"JOB_NAME", ""},
                                  Variable{"MEM_BIND", ""},
                                  Variable{"MEM_PER_CPU", ""},
                                  Variable{"MEM_PER_GPU", ""},
                                  Variable{"MEM_PER_NODE", "mem"},
                                  Variable{"NETWORK", ""},
                                  Variable{"NO_KILL", ""},
                                  Variable{"NO_REQUEUE", ""},
                                  Variable{"OPEN_MODE", ""},
                                  Variable{"OUTPUT", ""},
                                  Variable{"OVERCOMMIT", ""},
                                  Variable{"PARTITION", ""},
                                  Variable{"PROFILE", ""},
                                  Variable{"QOS", ""},
                                  Variable{"REQUEUE", ""},
                                  Variable{"REQ_SWITCH", "switches"},
                                  Variable{"RESERVATION", ""},
                                  Variable{"SIGNAL", ""},
                                  Variable{"SPREAD_JOB", ""},
                                  Variable{"THREADS_PER_CORE", ""},
                                  Variable{"THREAD_SPEC", ""},
                                  Variable{"TIMELIMIT", "time"},
                                  Variable{"USE_MIN_NODES", ""},
                                  Variable{"WAIT", ""},
                                  Variable{"WAIT_ALL_NODES", ""},
                                  Variable{"WCKEY", ""}};

std::string option_name(const Variable& from) {
  if (*from.option != '\0') return from.option;
  std::string name = from.name;
  for (char& c : name) c = c == '_' ? '-' : static_cast<char>(c - 'A' + 'a');
  return name;
}

/// A path is a file with one node list a line.
Result<std::string> node_list(const std::string& text, bool is_file) {
  if (!is_file && text.find('/') == std::string::npos) return text;
  const auto content = platform::read_file(text, node_file_bytes_max);
  if (!content) return Failure(content.error());
  std::vector<std::string> lists;
  for (const std::string_view line : split(*content, '\n')) {
    if (!trim(line).empty()) lists.emplace_back(trim(line));
  }
  return join(lists, ",");
}

/// The request option of that name does it.
Result<void> apply(std::string_view name, const Given& given, RequestDraft* draft) {
  static const std::vector<OptionSpec> known = request_options();
  const auto spec =
      std::ranges::find_if(known, [&](const OptionSpec& option) { return name == option.name; });
  if (spec == known.end() || !spec->is_supported()) {
    return fail(Code::bad_usage, "--" + std::string(name) + ": " + later);
  }
  return apply_option({&*spec, given.value, given.has_value}, wall_now(), draft);
}

Result<void> set_array(const Given& given, RequestDraft* draft) {
  auto array = parse_array(given.value);
  if (!array) {
    return fail(Code::bad_usage, "Batch job submission failed: Invalid job array specification (" +
                                     array.error().message + ")");
  }
  draft->job.common.edit().array = std::move(*array);
  return {};
}

Result<void> set_open_mode(const Given& given, RequestDraft* draft) {
  const bool is_append = std::string_view("append").starts_with(given.value);
  const bool is_truncate = std::string_view("truncate").starts_with(given.value);
  if (given.value.empty() || (!is_append && !is_truncate)) {
    return fail(Code::bad_usage,
                "Invalid --open-mode argument: " + quoted(given.value) + " (append or truncate)");
  }
  draft->job.common.edit().append_output = is_append;
  return {};
}

Result<void> check_propagate(const Given& given) {
  if (given.value != "NONE") return {};
  return fail(Code::bad_usage, "--propagate=NONE: limits are always those of the submission");
}

bool is_named_in(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<void> take(const Given& given, Submission* to) {
  const std::string_view name = given.option->name;
  if (is_named_in(own_names, name)) {
    to->own.options.push_back(given);
    return {};
  }
  if (is_named_in(noted_names, name)) {
    to->notes.push_back("--" + std::string(name) + ": " + given.option->how);
    return {};
  }
  if (name == "array") return set_array(given, &to->draft);
  if (name == "open-mode") return set_open_mode(given, &to->draft);
  if (name == "propagate") return check_propagate(given);
  if (name == "nodelist" || name == "exclude" || name == "nodefile") {
    const auto list = node_list(given.value, name == "nodefile");
    if (!list) return Failure(list.error().with_context("--" + std::string(name)));
    return apply(name == "exclude" ? name : "nodelist", {given.option, *list, true}, &to->draft);
  }
  if ((name == "output" || name == "error" || name == "input") && given.value == "none") {
    return apply(name, {given.option, "/dev/null", true}, &to->draft);
  }
  return apply(name, given, &to->draft);
}

}  // namespace

Options sbatch_options() {
  return table;
}

std::vector<std::string> environment_words() {
  std::vector<std::string> words;
  for (const Variable& one : variables) {
    const std::string value = variable(std::string("SBATCH_") + one.name);
    const Option& option = row_of(table, option_name(one));
    if (value.empty()) continue;
    const std::string word = std::string("--") + option.name;
    words.push_back(option.takes_value() || option.may_take_value() ? word + "=" + value : word);
  }
  const std::string clusters = variable("SLURM_CLUSTERS");
  if (!clusters.empty() && variable("SBATCH_CLUSTERS").empty()) {
    words.push_back("--clusters=" + clusters);
  }
  return words;
}

Result<void> take_options(const std::vector<Given>& options, Submission* to) {
  for (const Given& given : options) {
    const auto taken = take(given, to);
    if (!taken) return taken;
  }
  return {};
}

}  // namespace cox::cmds::slurm
