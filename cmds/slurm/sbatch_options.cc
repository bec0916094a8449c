// The option table of sbatch, and what each option does.
#include "cmds/slurm/sbatch_options.h"

#include <algorithm>
#include <array>

#include "cmds/client/submission.h"
#include "cmds/slurm/request_rows.h"
#include "cmds/slurm/request_words.h"
#include "cmds/slurm/text.h"
#include "common/text.h"
#include "model/array_spec.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::array own_rows = {
    Option{"array", 'a', "RANGE", exact, ""},
    Option{"batch", 0, "LIST", refused, later},
    Option{"workdir", 0, "DIR", exact, "", "chdir"},
    Option{"error", 'e', "PATTERN", exact, ""},
    Option{"exclusive", 0, "[=WHOM]", about,
           "without a value or with user; mcs and topo are refused"},
    Option{"export", 0, "LIST", about, "variables SLURM_... of the submitting shell stay there"},
    Option{"export-file", 0, "FILE", refused, later},
    Option{"get-user-env", 0, "[=SPEC]", about, "the environment is that of the submission"},
    Option{"ignore-pbs", 0, "", exact, ""},
    Option{"input", 'i', "PATTERN", exact, ""},
    Option{"kill-on-invalid-dep", 0, "yes|no", exact, ""},
    Option{"no-kill", 'k', "[=off]", refused, "a job ends, or is requeued, when it loses a node"},
    Option{"no-requeue", 0, "", exact, ""},
    Option{"open-mode", 0, "append|truncate", exact, ""},
    Option{"output", 'o', "PATTERN", exact, ""},
    Option{"parsable", 0, "", exact, ""},
    Option{"propagate", 0, "[=LIST]", about,
           "all limits are, whatever the list names; NONE is refused"},
    Option{"requeue", 0, "", exact, ""},
    Option{"test-only", 0, "", exact, ""},
    Option{"wait", 'W', "", exact, ""},
    Option{"wait-all-nodes", 0, "0|1", exact, ""},
    Option{"wrap", 0, "COMMAND", exact, ""},
    Option{"x11", 0, "[=SPEC]", refused, later},
};

constexpr auto table = joined(request_rows, own_rows);

// Options of sbatch's own that are looked up later.
constexpr std::array own_names = {"clusters", "parsable",       "quiet",      "verbose",   "wrap",
                                  "help",     "wait-all-nodes", "ignore-pbs", "test-only", "wait"};
// What changes nothing a result depends on is accepted, with a word to whoever reads.
constexpr std::array noted_names = {"acctg-freq", "get-user-env", "mail-type", "mail-user",
                                    "wckey"};

constexpr std::array own_variables = {
    Variable{"ARRAY_INX", "array"}, Variable{"BATCH", ""},
    Variable{"CLUSTERS", ""},       Variable{"CLUSTER_CONSTRAINT", ""},
    Variable{"CONTAINER", ""},      Variable{"DISTRIBUTION", ""},
    Variable{"ERROR", ""},          Variable{"EXPORT", ""},
    Variable{"GET_USER_ENV", ""},   Variable{"IGNORE_PBS", ""},
    Variable{"INPUT", ""},          Variable{"JOB_NAME", ""},
    Variable{"NO_REQUEUE", ""},     Variable{"OPEN_MODE", ""},
    Variable{"OUTPUT", ""},         Variable{"REQUEUE", ""},
    Variable{"WAIT", ""},           Variable{"WAIT_ALL_NODES", ""},
};

constexpr auto variables = joined(shared_variables, own_variables);

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
  draft->job.common.edit().truncate_output = !is_append;
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
  to->has_export |= name == "export";
  if (is_named_in(own_names, name)) {
    to->own.options.push_back(given);
    return {};
  }
  if (is_named_in(noted_names, name)) {
    to->notes.push_back("--" + std::string(name) + ": " + given.option->how);
    return {};
  }
  if (name == "distribution") {
    const auto order = node_order(given.value);
    if (!order) return Failure(order.error());
    if (order->empty()) return {};
    return apply(name, {given.option, *order, true}, &to->draft);
  }
  if (name == "constraint" || name == "prefer") {
    if (auto good = check_features(std::string(name), given.value); !good) return good;
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
  std::vector<std::string> words = words_of(variables, "SBATCH_", table);
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
