// See salloc_options.h.
#include "cmds/slurm/salloc_options.h"

#include <algorithm>
#include <array>
#include <csignal>

#include "cmds/alloc/allocation.h"
#include "cmds/client/signal_name.h"
#include "cmds/slurm/request_rows.h"
#include "cmds/slurm/request_words.h"
#include "cmds/slurm/text.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::array own_rows = {
    Option{"bell", 0, "", exact, ""},
    Option{"exclusive", 0, "[=WHOM]", about,
           "without a value or with user; mcs and topo are refused"},
    Option{"get-user-env", 0, "[=SPEC]", about, "the environment is that of this command"},
    Option{"immediate", 'I', "[=SECONDS]", exact, ""},
    Option{"kill-command", 'K', "[=SIGNAL]", exact, ""},
    Option{"no-bell", 0, "", exact, ""},
    Option{"no-kill", 'k', "[=off]", refused, "a job ends when it loses a node"},
    Option{"no-shell", 0, "", exact, ""},
    Option{"wait-all-nodes", 0, "0|1", exact, ""},
    Option{"x11", 0, "[=SPEC]", refused, later},
};

constexpr auto table = joined(request_rows, own_rows);

// Of the same name and meaning as those of `cox alloc`.
constexpr std::array same_names = {"account",       "begin",      "chdir",       "comment",
                                   "cpus-per-task", "deadline",   "gpus",        "gpus-per-node",
                                   "gres",          "mem",        "mem-per-cpu", "job-name",
                                   "nodes",         "ntasks",     "hold",        "ntasks-per-node",
                                   "partition",     "qos",        "signal",      "time",
                                   "nice",          "dependency", "constraint",  "licenses",
                                   "prefer",        "switches"};
constexpr std::array noted_names = {"acctg-freq", "get-user-env", "mail-type", "mail-user",
                                    "wckey"};
constexpr std::array own_names = {"quiet", "verbose", "clusters",
                                  "bell",  "no-bell", "wait-all-nodes"};

constexpr std::array own_variables = {
    Variable{"BELL", ""},      Variable{"CLUSTERS", ""},       Variable{"CLUSTER_CONSTRAINT", ""},
    Variable{"CONTAINER", ""}, Variable{"IMMEDIATE", ""},      Variable{"KILL_CMD", "kill-command"},
    Variable{"NO_BELL", ""},   Variable{"WAIT_ALL_NODES", ""},
};

constexpr auto variables = joined(shared_variables, own_variables);

bool is_in(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<void> take_special(std::string_view name,
                          const Given& given,
                          CoxWords* cox,
                          SallocRequest* to) {
  if (name == "nodelist" || name == "exclude" || name == "nodefile") {
    const auto list = node_list(given.value, name == "nodefile");
    if (!list) return Failure(list.error().with_context("--" + std::string(name)));
    return cox->add(name == "exclude" ? name : "nodelist", *list, true);
  }
  if (name == "distribution") {
    const auto order = node_order(given.value);
    if (!order) return Failure(order.error());
    return order->empty() ? Result<void>() : cox->add("distribution", *order, true);
  }
  if (name == "exclusive") {
    if (given.value == "user") return cox->add("exclusive", given.value, true);
    if (!given.value.empty() && given.value != "exclusive") {
      return fail(Code::bad_usage, "--exclusive=" + quoted(given.value) + ": not supported");
    }
    return cox->add("exclusive");
  }
  if (name == "no-shell") {
    to->has_no_shell = true;
    return cox->add("no-shell");
  }
  if (name == "immediate") {
    const auto seconds =
        given.value.empty() ? std::optional<std::uint64_t>(1) : parse_u64(given.value);
    if (!seconds || *seconds > 86'400) {
      return fail(Code::bad_usage, "--immediate=" + quoted(given.value) + ": seconds are expected");
    }
    to->immediate_s = static_cast<std::uint32_t>(*seconds);
    return {};
  }
  if (name == "kill-command") {
    const auto signal =
        given.value.empty() ? Result<std::int32_t>(SIGTERM) : parse_signal(given.value);
    if (!signal) return Failure(signal.error().with_context("--kill-command"));
    to->end_signal = *signal;
    return {};
  }
  return fail(Code::bad_usage, "--" + std::string(name) + ": " + later);
}

Result<void> take(const Given& given, CoxWords* cox, SallocRequest* to) {
  const std::string_view name = given.option->name;
  if (name == "chdir") to->directory = given.value;
  if (name == "constraint" || name == "prefer") {
    if (auto good = check_features(std::string(name), given.value); !good) return good;
  }
  if (is_in(same_names, name)) return cox->add(name, given.value, given.has_value);
  if (is_in(own_names, name)) {
    to->own.options.push_back(given);
    return {};
  }
  if (is_in(noted_names, name)) {
    to->notes.push_back("--" + std::string(name) + ": " + given.option->how);
    return {};
  }
  return take_special(name, given, cox, to);
}

}  // namespace

Options salloc_options() {
  return table;
}

Result<SallocRequest> read_salloc(const Words& given) {
  SallocRequest request;
  CoxWords cox(alloc_options());
  std::vector<std::string> words = words_of(variables, "SALLOC_", table);
  const std::string clusters = variable("SLURM_CLUSTERS");
  if (!clusters.empty() && variable("SALLOC_CLUSTERS").empty()) {
    words.push_back("--clusters=" + clusters);
  }
  const auto environment = read_words(table, words, Stop::never);
  if (!environment) return Failure(environment.error().with_context("from the environment"));
  for (const auto* options : {&environment->options, &given.options}) {
    for (const Given& one : *options) {
      if (auto taken = take(one, &cox, &request); !taken) return Failure(taken.error());
    }
  }
  request.words = cox.take(given.operands);
  return request;
}

}  // namespace cox::cmds::slurm
