// Options in the order of their binding: the environment's first, so that the command line wins.
#include "cmds/slurm/srun_request.h"

#include <algorithm>
#include <array>

#include "cmds/client/submission.h"
#include "cmds/run/run_request.h"
#include "cmds/slurm/multi_prog.h"
#include "cmds/slurm/request_words.h"
#include "cmds/slurm/srun_options.h"
#include "cmds/slurm/srun_streams.h"
#include "cmds/slurm/text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::size_t program_file_bytes_max = 1U << 20;
constexpr std::uint64_t wait_s_max = 31'536'000;  // a year

// Of the same name and meaning as those of `cox run`.
constexpr std::array same_names = {
    "begin",   "chdir",   "cpus-per-task", "deadline",  "gpus",       "gpus-per-node",   "gres",
    "mem",     "exact",   "mem-per-cpu",   "job-name",  "nodes",      "ntasks",          "export",
    "signal",  "time",    "overlap",       "nice",      "hold",       "ntasks-per-node", "account",
    "qos",     "comment", "dependency",    "partition", "constraint", "licenses",        "prefer",
    "switches"};
// What a job has and a step takes no part in.
constexpr std::array job_names = {"account",    "begin",    "comment", "deadline",  "dependency",
                                  "hold",       "nice",     "qos",     "signal",    "partition",
                                  "constraint", "licenses", "prefer",  "mail-type", "mail-user",
                                  "wckey",      "switches"};
constexpr std::array noted_names = {"acctg-freq",  "interactive", "mail-type", "mail-user",
                                    "msg-timeout", "no-kill",     "threads",   "treewidth",
                                    "wckey",       "slurmd-debug"};
// Looked up where they matter.
constexpr std::array own_names = {
    "quiet",     "verbose",    "clusters",          "disable-status", "unbuffered", "whole",
    "test-only", "multi-prog", "quit-on-interrupt", "relative",       "jobid",      "label"};

bool is_in(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class Reader {
 public:
  explicit Reader(std::string job) : cox_(run_options()) { request_.job = std::move(job); }

  Result<void> take_all(const std::vector<Given>& options, bool is_from_environment) {
    for (const Given& given : options) {
      if (is_from_environment) {
        from_environment_.push_back(given.option->name);
      } else {
        std::erase(from_environment_, std::string_view(given.option->name));
      }
      if (auto taken = take(given); !taken) return taken;
    }
    return {};
  }

  Result<SrunRequest> finish(std::vector<std::string> operands) {
    drop_shape_of_the_job();
    if (auto fitted = fit_nodes(); !fitted) return Failure(fitted.error());
    if (auto placed = place_relative(); !placed) return Failure(placed.error());
    const auto chosen = choose_streams({output_, error_}, &cox_, &request_);
    if (!chosen) return Failure(chosen.error());
    if (request_.own.has("multi-prog")) {
      if (auto made = read_programs(&operands); !made) return Failure(made.error());
    }
    std::vector<std::string_view> flags;
    if (request_.own.has("label")) flags.push_back("label-output");
    if (request_.own.has("verbose")) flags.push_back("verbose");
    if (!ends_on_failure_) flags.push_back("no-kill-on-bad-exit");
    for (const std::string_view flag : flags) {
      if (auto added = cox_.add(flag); !added) return Failure(added.error());
    }
    const bool is_step = !request_.job.empty();
    const auto added = is_step ? cox_.add("within", request_.job, true) : cox_.add("new");
    if (!added) return Failure(added.error());
    request_.words = cox_.take(std::move(operands));
    return std::move(request_);
  }

 private:
  Result<void> take(const Given& given) {
    const std::string_view name = given.option->name;
    if (!request_.job.empty() && is_in(job_names, name)) return note_of_job(given);
    if (is_in(own_names, name)) {
      request_.own.options.push_back(given);
      return {};
    }
    if (is_in(noted_names, name)) {
      request_.notes.push_back("--" + std::string(name) + ": " + given.option->how);
      return {};
    }
    if (name == "constraint" || name == "prefer") {
      if (auto good = check_features(std::string(name), given.value); !good) return good;
    }
    if (is_in(same_names, name)) return cox_.add(name, given.value, given.has_value);
    return take_special(name, given);
  }

  Result<void> take_special(std::string_view name, const Given& given) {
    if (name == "nodelist" || name == "exclude" || name == "nodefile") {
      const auto list = node_list(given.value, name == "nodefile");
      if (!list) return Failure(list.error().with_context("--" + std::string(name)));
      return cox_.add(name == "exclude" ? name : "nodelist", *list, true);
    }
    if (name == "output" || name == "error") return take_file(name, given.value);
    if (name == "input") return cox_.add(name, given.value, true);
    if (name == "exclusive") return take_exclusive(given.value);
    if (name == "external-launcher") return take_launcher();
    if (name == "cpu-bind") return take_binding(given.value);
    if (name == "mpi") return take_mpi(given.value);
    if (name == "kill-on-bad-exit") {
      ends_on_failure_ = given.value != "0";
      return {};
    }
    if (name == "immediate") return take_immediate(given);
    if (name == "pty" && (given.value.empty() || given.value == "0")) return cox_.add("pty");
    if (name == "pty") {
      return fail(Code::bad_usage, "--pty=" + quoted(given.value) + ": the first task only");
    }
    if (name == "distribution") {
      const auto order = node_order(given.value);
      if (!order) return Failure(order.error());
      return order->empty() ? Result<void>() : cox_.add("distribution", *order, true);
    }
    if (name == "wait") return take_wait(given.value);
    if (name == "propagate" && given.value != "NONE") return {};
    if (name == "propagate") {
      return fail(Code::bad_usage, "--propagate=NONE: limits are always those of this command");
    }
    return fail(Code::bad_usage, "--" + std::string(name) + ": " + later);
  }

  /// A step of a job waits for nothing and is charged to nobody but its job.
  Result<void> note_of_job(const Given& given) {
    const std::string note =
        "--" + std::string(given.option->name) + ": is the job's, and means nothing to a step";
    const bool may_matter = std::string_view(given.option->name) == "dependency";
    (may_matter ? request_.visible : request_.notes).push_back(note);
    return {};
  }

  Result<void> take_file(std::string_view name, const std::string& value) {
    (name == "output" ? output_ : error_) = value;
    return {};
  }

  Result<void> take_exclusive(const std::string& whom) {
    if (whom == "user" && request_.job.empty()) return cox_.add("exclusive", whom, true);
    if (!whom.empty() && whom != "1" && whom != "yes" && whom != "exclusive") {
      return fail(Code::bad_usage, "--exclusive=" + quoted(whom) + ": not supported");
    }
    return cox_.add(request_.job.empty() ? "exclusive" : "exact");
  }

  /// What starts ranks of its own takes nothing of the job and is bound to nothing.
  Result<void> take_launcher() {
    if (request_.job.empty()) return {};
    for (const char* name : {"exact", "cpus-per-task"}) cox_.remove(name);
    if (auto added = cox_.add("overlap"); !added) return added;
    return cox_.add("mpi", "none", true);
  }

  Result<void> take_binding(const std::string& text) {
    for (const std::string_view part : split(text, ',')) {
      const bool is_quiet = part == "q" || part == "quiet" || part == "auto" || part.empty();
      if (is_quiet) continue;
      if (part == "v" || part == "verbose") {
        if (auto added = cox_.add("show-binding"); !added) return added;
        continue;
      }
      return take_binding_kind(text, part);
    }
    return {};
  }

  Result<void> take_binding_kind(const std::string& text, std::string_view kind) {
    struct Kind {
      std::string_view name, ours;
    };

    static constexpr std::array kinds = {Kind{"none", "none"},      Kind{"no", "none"},
                                         Kind{"cores", "core"},     Kind{"threads", "core"},
                                         Kind{"sockets", "socket"}, Kind{"ldoms", "numa"}};
    const auto known = std::ranges::find(kinds, kind, &Kind::name);
    if (known == kinds.end()) {
      return fail(Code::bad_usage, "--cpu-bind=" + quoted(text) +
                                       ": none, cores, threads, sockets or ldoms is expected");
    }
    if (cox_.supports("bind")) {
      cox_.remove("bind");
      return cox_.add("bind", std::string(known->ours), true);
    }
    binding_note_ =
        known->ours == "core" ? "" : "--cpu-bind=" + text + ": each task has its own cores";
    return {};
  }

  Result<void> take_mpi(const std::string& type) {
    std::string ours;
    if (type == "none" || type == "pmi2") ours = type;
    if (type == "pmix" || type.starts_with("pmix_v")) ours = "pmix";
    if (ours.empty()) {
      return fail(Code::bad_usage,
                  "Invalid MPI type '" + quoted(type) + "', --mpi=list for acceptable types");
    }
    cox_.remove("mpi");
    if (ours != "none") ends_on_failure_ = true;
    return cox_.add("mpi", ours, true);
  }

  Result<void> take_immediate(const Given& given) {
    const auto seconds =
        given.value.empty() ? std::optional<std::uint64_t>(1) : parse_u64(given.value);
    if (!seconds || *seconds > 86'400) {
      return fail(Code::bad_usage, "--immediate=" + quoted(given.value) + ": seconds are expected");
    }
    if (!request_.job.empty()) return cox_.add("immediate");
    request_.immediate_s = static_cast<std::uint32_t>(*seconds);
    return {};
  }

  /// 0 is without an end.
  Result<void> take_wait(const std::string& text) {
    const auto seconds = parse_u64(text);
    if (!seconds || *seconds > wait_s_max) {
      return fail(Code::bad_usage, "Invalid --wait argument: " + quoted(text) +
                                       " (seconds, up to " + std::to_string(wait_s_max) + ")");
    }
    request_.wait_s.reset();
    if (*seconds != 0) request_.wait_s = static_cast<std::uint32_t>(*seconds);
    return {};
  }

  bool is_from_environment(std::string_view name) const { return is_in(from_environment_, name); }

  /// The job's own numbers give way to each of those that were asked for here.
  void drop_shape_of_the_job() {
    const bool has_tasks = cox_.has("ntasks") && !is_from_environment("ntasks");
    const bool has_per_node =
        cox_.has("ntasks-per-node") && !is_from_environment("ntasks-per-node");
    const bool has_nodes = cox_.has("nodes") && !is_from_environment("nodes");
    if (has_tasks && is_from_environment("ntasks-per-node")) cox_.remove("ntasks-per-node");
    const bool has_list = cox_.has("nodelist") && !has_nodes;
    const bool follows = has_per_node || has_list || (has_nodes && cox_.has("ntasks-per-node"));
    if (follows && is_from_environment("ntasks")) cox_.remove("ntasks");
  }

  /// As many nodes as there are tasks, at most.
  Result<void> fit_nodes() {
    const std::string nodes = cox_.value("nodes");
    const auto least = parse_u64(std::string_view(nodes).substr(0, nodes.find('-')));
    const auto tasks = parse_u64(cox_.value("ntasks"));
    if (!binding_note_.empty() && !(tasks && least && *tasks == *least) &&
        cox_.value("ntasks-per-node") != "1") {
      request_.visible.push_back(binding_note_);
    }
    if (!least || !tasks || *tasks == 0 || *tasks >= *least) return {};
    request_.visible.push_back("Warning: can't run " + std::to_string(*tasks) + " processes on " +
                               std::to_string(*least) + " nodes, setting nnodes to " +
                               std::to_string(*tasks));
    cox_.remove("nodes");
    return cox_.add("nodes", std::to_string(*tasks), true);
  }

  Result<void> place_relative() {
    const std::string text = request_.own.value("relative");
    if (text.empty()) return {};
    const auto names = expand_node_list(variable("SLURM_JOB_NODELIST"));
    const auto first = parse_u64(text);
    if (!names || request_.job.empty()) {
      return fail(Code::bad_usage, "--relative " + quoted(text) + ": only inside a job");
    }
    if (!first || *first >= names->size()) {
      return fail(Code::bad_usage, "--relative " + quoted(text) + ": the job has " +
                                       std::to_string(names->size()) + " nodes, from 0");
    }
    const auto rest = static_cast<std::ptrdiff_t>(*first);
    return cox_.add("nodelist", fold_node_list({names->begin() + rest, names->end()}), true);
  }

  Result<void> read_programs(std::vector<std::string>* operands) {
    const auto file = platform::read_file(operands->front(), program_file_bytes_max);
    if (!file) return Failure(file.error().with_context("--multi-prog"));
    const std::string count = cox_.has("ntasks") ? cox_.value("ntasks") : variable("SLURM_NTASKS");
    const auto tasks = parse_u64(count);
    auto command = multi_prog_command(*file, {operands->begin() + 1, operands->end()},
                                      tasks ? static_cast<std::uint32_t>(*tasks) : 0);
    if (!command) return Failure(command.error());
    if (!cox_.has("job-name")) {
      if (auto added = cox_.add("job-name", default_job_name(operands->front()), true); !added)
        return added;
    }
    *operands = std::move(*command);
    return {};
  }

  SrunRequest request_;
  CoxWords cox_;
  std::vector<std::string_view> from_environment_;
  std::string binding_note_;
  std::string output_, error_;  // as they were given
  bool ends_on_failure_ = false;
};

}  // namespace

std::string surrounding_job(const Words& given) {
  if (given.has("test-only")) return "";
  if (given.has("jobid")) return given.value("jobid");
  const std::string job = variable("SLURM_JOB_ID");
  return job.empty() ? variable("SLURM_JOBID") : job;
}

Result<SrunRequest> read_srun(const Words& given) {
  Reader reader(surrounding_job(given));
  const auto words = srun_environment_words(!surrounding_job(given).empty());
  const auto environment = read_words(srun_options(), words, Stop::never);
  if (!environment) return Failure(environment.error().with_context("from the environment"));
  if (auto taken = reader.take_all(environment->options, true); !taken) {
    return Failure(taken.error());
  }
  if (auto taken = reader.take_all(given.options, false); !taken) return Failure(taken.error());
  return reader.finish(given.operands);
}

}  // namespace cox::cmds::slurm
