// scancel: ends jobs by id or by what they are. Silent where they have just ended, as Slurm is.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "cmds/client/job_ids.h"
#include "cmds/slurm/job_fields.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/node_list.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace scancel_locals {
namespace {

Options options() {
  static constexpr std::array table = {
      Option{"account", 'A', "NAME", exact, ""},
      Option{"batch", 'b', "", refused, "the batch script cannot be signalled alone"},
      Option{"clusters", 'M', "LIST", exact, ""},
      Option{"cluster", 0, "LIST", exact, "", "clusters"},
      Option{"ctld", 0, "", exact, ""},
      Option{"full", 'f', "", exact, ""},
      Option{"help", 0, "", exact, ""},
      Option{"hurry", 'H', "", exact, ""},
      Option{"interactive", 'i', "", refused, "not supported: nothing is asked"},
      Option{"jobname", 0, "NAME", exact, "", "name"},
      Option{"me", 0, "", exact, ""},
      Option{"name", 'n', "NAME", exact, ""},
      Option{"nodelist", 'w', "NODES", exact, ""},
      Option{"partition", 'p', "NAME", exact, ""},
      Option{"qos", 'q', "NAME", exact, ""},
      Option{"quiet", 'Q', "", exact, ""},
      Option{"reservation", 'R', "NAME", refused, "there are no reservations"},
      Option{"sibling", 0, "NAME", refused, "there is one cluster"},
      Option{"signal", 's', "SIGNAL", about,
             "KILL and 9 only, which end the job; others are refused"},
      Option{"state", 't', "STATE", exact, ""},
      Option{"usage", 0, "", exact, ""},
      Option{"user", 'u', "NAME", exact, ""},
      Option{"verbose", 'v', "", exact, ""},
      Option{"version", 'V', "", exact, ""},
      Option{"wckey", 0, "NAME", refused, "there are no wckeys"},
  };
  return table;
}

constexpr std::array filters = {"account", "me",    "name", "nodelist", "partition",
                                "qos",     "state", "user", "signal"};

bool has_filter(const Words& given) {
  return std::ranges::any_of(filters, [&](const char* name) { return given.has(name); });
}

/// The kernel's signal that ends whatever gets it is the one that a job can be sent as yet.
Result<void> check_signal(const Words& given) {
  if (!given.has("signal")) return {};
  std::string name = given.value("signal");
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (name == "KILL" || name == "9") return {};
  return fail(Code::bad_usage, "--signal " + quoted(given.value("signal")) +
                                   ": only KILL is supported by this version");
}

Result<std::vector<JobName>> read_jobs(const Words& given) {
  std::vector<JobName> jobs;
  for (const std::string& operand : given.operands) {
    for (const std::string& part : list_parts(operand)) {
      const auto name = parse_job_name(part);
      if (!name || name->job.value == 0) {
        return fail(Code::bad_usage, "Invalid job id " + quoted(part));
      }
      jobs.push_back(*name);
    }
  }
  return jobs;
}

/// What the options say of a job.
class Filter {
 public:
  static Result<Filter> make(const Words& given) {
    Filter filter(given);
    auto users = user_names(given.value("user"));
    if (!users) return Failure(users.error());
    filter.users_ = std::move(*users);
    if (given.has("me")) filter.users_ = {own_user_name()};
    auto states = state_words(given.value("state"));
    if (!states) return Failure(states.error());
    filter.states_ = std::move(*states);
    if (!given.has("nodelist")) return filter;
    auto nodes = expand_node_list(given.value("nodelist"));
    if (!nodes) return Failure(nodes.error());
    filter.nodes_ = std::move(*nodes);
    return filter;
  }

  bool keeps(const wire::JobView& job) const {
    if (!users_.empty() && !is_in(users_, job.user())) return false;
    if (!states_.empty() && !is_in(states_, state_of(job))) return false;
    if (given_.has("account") && given_.value("account") != job.account()) return false;
    if (given_.has("name") && given_.value("name") != job.name()) return false;
    if (given_.has("qos") && given_.value("qos") != job.request().qos()) return false;
    if (given_.has("partition") && !is_in(list_parts(job.partition()), given_.value("partition"))) {
      return false;
    }
    if (nodes_.empty()) return true;
    const auto own = expand_node_list(job.node_list());
    return own && std::ranges::any_of(*own, [&](const auto& name) { return is_in(nodes_, name); });
  }

 private:
  explicit Filter(const Words& given) : given_(given) {}

  const Words& given_;
  std::vector<std::string> users_, states_, nodes_;
};

class Canceller {
 public:
  Canceller(Session& session, const Words& given) : session_(session), given_(given) {}

  int status() const { return status_; }

  /// A job that has ended, or is not known, is none of the user's worries.
  void cancel(const JobName& job) {
    const auto reply = session_.ask_surely(request_for(job));
    if (!reply) return tell(job.text, reply.error(), false);
    for (const wire::ActionError& error : reply->done().errors()) {
      tell(job.text, to_error(error.error()), false);
    }
  }

  /// A named job is cancelled when it is as the options say; one that is not there is an error.
  Result<void> cancel_chosen(const std::vector<JobName>& jobs) {
    const auto filter = Filter::make(given_);
    if (!filter) return Failure(filter.error());
    wire::ClientRequest request;
    request.mutable_list_jobs()->set_full(true);
    request.mutable_list_jobs()->set_expand(true);
    put_names(jobs, request.mutable_list_jobs());
    const auto reply = session_.ask_surely(std::move(request));
    if (!reply && (reply.error().code != Code::not_found || jobs.empty())) {
      return Failure(reply.error());
    }
    const wire::JobList list = reply ? reply->jobs() : wire::JobList();
    for (const JobName& job : jobs) {
      const bool is_there = std::ranges::any_of(list.jobs(), [&](const auto& view) {
        return is_shown_by(job, view) && !view.is_final();
      });
      if (!is_there) tell(job.text, {Code::not_found, "no job " + job.text}, true);
    }
    bool is_any = false;
    for (const wire::JobView& view : list.jobs()) {
      if (view.is_final() || !filter->keeps(view)) continue;
      is_any = true;
      // Of an array that was asked for by state, what waits is named by its elements: those that
      // run are lines of their own.
      const bool is_part = !view.elements().empty() && given_.has("state");
      const auto name = parse_job_name(is_part ? whole_id(view) : std::to_string(view.job()));
      if (name) cancel(*name);
    }
    if (!is_any && given_.has("verbose")) say("No active jobs match ALL job filters");
    return {};
  }

 private:
  static std::string whole_id(const wire::JobView& view) {
    const std::string elements = view.elements().substr(0, view.elements().find('%'));
    return std::to_string(view.array()) + "_[" + elements + "]";
  }

  static wire::ClientRequest request_for(const JobName& job) {
    wire::ClientRequest request;
    wire::JobAction& action = *request.mutable_job_action();
    action.set_kind(wire::JobAction::CANCEL);
    put_names({job}, &action);
    if (job.step) {
      action.set_step(job.step->value);
      action.set_has_step(true);
    }
    return request;
  }

  void tell(const std::string& job, const Error& error, bool is_strict) {
    const bool is_gone =
        error.code == Code::not_found || error.message.find("ended") != std::string::npos;
    if (is_gone && !is_strict && !given_.has("verbose")) return;
    if (!is_gone || is_strict) status_ = 1;
    if (given_.has("quiet")) return;
    const auto text =
        is_gone ? std::optional<std::string>("Invalid job id specified") : slurm_text(error);
    say_error("Kill job error on job id " + job + ": " + text.value_or(error.message));
  }

  Session& session_;
  const Words& given_;
  int status_ = 0;
};

Result<int> run(const Words& given) {
  const auto signal = check_signal(given);
  if (!signal) return Failure(signal.error());
  const auto jobs = read_jobs(given);
  if (!jobs) return Failure(jobs.error());
  const bool is_filtered = has_filter(given);
  if (jobs->empty() && !is_filtered) {
    return fail(Code::bad_usage, "No job identification provided");
  }
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto cluster = check_clusters(*session, given);
  if (!cluster) return Failure(cluster.error());
  Canceller canceller(*session, given);
  if (is_filtered) {
    const auto done = canceller.cancel_chosen(*jobs);
    if (!done) return Failure(done.error());
  } else {
    for (const JobName& job : *jobs) canceller.cancel(job);
  }
  return canceller.status();
}

}  // namespace
}  // namespace scancel_locals

const Tool scancel_tool{"scancel", "[OPTIONS] [JOB...]", scancel_locals::options, Stop::never,
                        nullptr,   scancel_locals::run};

}  // namespace cox::cmds::slurm
