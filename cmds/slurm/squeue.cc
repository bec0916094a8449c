// squeue: jobs as Slurm's lists show them.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "cmds/client/job_ids.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/format.h"
#include "cmds/slurm/job_fields.h"
#include "cmds/slurm/job_lines.h"
#include "cmds/slurm/option_tables.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/job_state.h"

namespace cox::cmds::slurm {
namespace squeue_locals {
namespace {

constexpr const char* usual = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
constexpr const char* usual_long = "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R";
constexpr const char* usual_start = "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R";

/// The option's value, else that of the variable.
std::string asked(const Words& given, const char* option, const char* name) {
  return given.has(option) ? given.value(option) : variable(name);
}

struct Filter {
  std::vector<std::string> accounts, names, nodes, partitions, qos, users, states;
  bool any_state = false;
  bool has_users = false;

  bool keeps(const wire::JobView& job) const {
    if (has_users && !is_in(users, job.user())) return false;
    if (!any_state && !is_in(states, state_of(job))) return false;
    if (!accounts.empty() && !is_in(accounts, job.account())) return false;
    if (!names.empty() && !is_in(names, job.name())) return false;
    if (!qos.empty() && !is_in(qos, job.request().qos())) return false;
    return is_on_node(job) && is_in_partition(job);
  }

 private:
  bool is_in_partition(const wire::JobView& job) const {
    if (partitions.empty()) return true;
    const auto own = list_parts(job.partition());
    return std::ranges::any_of(own, [&](const auto& name) { return is_in(partitions, name); });
  }

  bool is_on_node(const wire::JobView& job) const {
    if (nodes.empty()) return true;
    const auto own = expand_node_list(job.node_list());
    return own && std::ranges::any_of(*own, [&](const auto& name) { return is_in(nodes, name); });
  }
};

Result<void> read_states(const Words& given, Filter* filter) {
  const std::string text = asked(given, "states", "SQUEUE_STATES");
  if (given.has("start")) {
    filter->states = {"PENDING"};
  } else if (text.empty()) {
    filter->states = {"PENDING", "CONFIGURING", "RUNNING", "SUSPENDED", "COMPLETING"};
  } else {
    auto words = state_words(text);
    if (!words) return Failure(words.error());
    filter->any_state = words->empty();
    filter->states = std::move(*words);
  }
  return {};
}

Result<Filter> read_filter(const Words& given) {
  Filter filter;
  filter.accounts = list_parts(asked(given, "account", "SQUEUE_ACCOUNT"));
  filter.names = list_parts(asked(given, "name", "SQUEUE_NAMES"));
  filter.partitions = list_parts(asked(given, "partition", "SQUEUE_PARTITION"));
  filter.qos = list_parts(asked(given, "qos", "SQUEUE_QOS"));
  const auto states = read_states(given, &filter);
  if (!states) return Failure(states.error());
  const std::string users = asked(given, "user", "SQUEUE_USERS");
  filter.has_users = given.has("me") || !users.empty();
  auto named = user_names(users);
  if (!named) return Failure(named.error());
  filter.users = std::move(*named);
  if (given.has("me")) filter.users = {own_user_name()};
  if (given.has("nodelist")) {
    auto nodes = expand_node_list(given.value("nodelist"));
    if (!nodes) return Failure(nodes.error());
    filter.nodes = std::move(*nodes);
  }
  return filter;
}

Result<JobOutput> read_output(const Words& given) {
  const bool is_long = given.has("long");
  std::string letters = given.value("format"), names = given.value("Format");
  if (letters.empty() && names.empty() && !is_long && !given.has("start")) {
    letters = variable("SQUEUE_FORMAT");
    if (letters.empty()) names = variable("SQUEUE_FORMAT2");
  }
  if (letters.empty() && names.empty()) {
    letters = is_long ? usual_long : given.has("start") ? usual_start : usual;
  }
  const bool by_letters = names.empty();
  auto pieces =
      by_letters ? read_letters(letters, find_job_letter) : read_names(names, find_job_name);
  if (!pieces) return Failure(pieces.error());
  auto order = read_job_order(asked(given, "sort", "SQUEUE_SORT"));
  if (!order) return Failure(order.error());
  JobOutput output{std::move(*pieces), std::move(*order), !given.has("noheader")};
  for (Piece& piece : output.pieces) {
    piece.may_cut = !by_letters || !job_fields()[piece.field].is_whole;
  }
  return output;
}

struct Asked {
  std::vector<JobName> jobs;    // none twice
  std::size_t names_given = 0;  // as they were given: who names one twice wants no error for it
  Filter filter;
  JobOutput output;
};

/// "-j 5" and "--jobs 5" leave the list as an operand, since its value is optional.
std::string jobs_text(const Words& given) {
  const std::string joined = given.value("jobs");
  return joined.empty() ? join(given.operands, ",") : joined;
}

Result<Asked> read_asked(const Words& given) {
  Asked asked;
  auto filter = read_filter(given);
  if (!filter) return Failure(filter.error());
  asked.filter = std::move(*filter);
  const std::string jobs = jobs_text(given);
  for (const std::string& part : list_parts(jobs)) {
    const auto name = parse_job_name(part);
    if (!name) return fail(Code::bad_usage, "Invalid job id: " + quoted(part));
    ++asked.names_given;
    const bool is_new = std::ranges::none_of(
        asked.jobs, [&](const JobName& one) { return one.text == name->text; });
    if (is_new) asked.jobs.push_back(*name);
  }
  auto output = read_output(given);
  if (!output) return Failure(output.error());
  asked.output = std::move(*output);
  return asked;
}

wire::ClientRequest list_request(const Asked& asked) {
  wire::ClientRequest request;
  wire::ListJobs& list = *request.mutable_list_jobs();
  put_names(asked.jobs, &list);
  list.set_expand(true);
  list.set_full(asked.output.needs() == Needs::full || !asked.filter.qos.empty());
  list.set_brief(asked.output.needs() == Needs::brief && asked.filter.accounts.empty());
  list.set_priorities(asked.output.has_places());
  const Filter& filter = asked.filter;
  const bool wants_ended = filter.any_state || std::ranges::any_of(filter.states, [](auto& word) {
                             const auto state = parse_job_state(word);
                             return state && is_final(*state);
                           });
  list.set_ended(wants_ended || !asked.jobs.empty());
  if (filter.has_users && filter.users.size() == 1) list.set_user(filter.users.front());
  return request;
}

/// What is shown of the list, into `to`. Returns how many jobs came.
Result<std::size_t> list_jobs(Session& session, const Asked& asked, bool by_element, JobLines* to) {
  std::size_t came = 0;
  const auto take = [&](const wire::ClientReply& slice, bool is_first) -> Result<void> {
    if (is_first) {
      came = 0;
      to->clear();
    }
    for (const wire::JobView& job : slice.jobs().jobs()) {
      ++came;
      if (!asked.filter.keeps(job)) continue;
      if (!by_element) {
        to->add(job);
        continue;
      }
      for (const wire::JobView& one : elements_of(job)) to->add(one);
    }
    return {};
  };
  const auto listed = session.ask_in_slices(list_request(asked), take);
  if (!listed && listed.error().code == Code::not_found) return std::size_t{0};
  if (!listed) return Failure(listed.error());
  return came;
}

/// A single job that nobody knows is an error; of several the known ones are shown.
Result<bool> is_unknown(const Asked& asked, Session& session, std::size_t came) {
  if (asked.names_given != 1 || came != 0) return false;
  if (!asked.filter.has_users) return true;
  Asked alone;
  alone.jobs = asked.jobs;
  JobLines lines(alone.output, 0, false);
  const auto whole = list_jobs(session, alone, false, &lines);
  if (!whole) return Failure(whole.error());
  return *whole == 0;
}

std::string date_line(std::int64_t now_us) {
  const std::time_t seconds = now_us / 1'000'000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 64> text{};
  return std::string(text.data(),
                     std::strftime(text.data(), text.size(), "%a %b %d %H:%M:%S %Y\n", &local));
}

Result<int> run(const Words& given) {
  const bool takes_operands = given.has("jobs") && given.value("jobs").empty();
  if (!given.operands.empty() && !takes_operands) {
    return fail(Code::bad_usage, "Unrecognized option: " + quoted(given.operands.front()));
  }
  const auto asked = read_asked(given);
  if (!asked) return Failure(asked.error());
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto cluster = check_clusters(*session, given);
  if (!cluster) return Failure(cluster.error());
  const std::int64_t now_us = wall_now().us;
  const bool by_element = given.has("array") || !variable("SQUEUE_ARRAY").empty();
  JobLines lines(asked->output, now_us, given.has("noconvert"));
  const auto came = list_jobs(*session, *asked, by_element, &lines);
  if (!came) return jobs_not_loaded(came.error());
  const auto unknown = is_unknown(*asked, *session, *came);
  if (!unknown) return Failure(unknown.error());
  if (*unknown) {
    say_plain("slurm_load_jobs error: Invalid job id specified");
    return 1;
  }
  std::string text = given.has("clusters") ? "CLUSTER: " + *cluster + "\n" : "";
  if (given.has("long")) text = date_line(now_us) + text;
  if (const auto printed = print(text); !printed) return Failure(printed.error());
  const auto printed = lines.write(print);
  return printed ? Result<int>(0) : Failure(printed.error());
}

}  // namespace
}  // namespace squeue_locals

const Tool squeue_tool{"squeue",    "[OPTIONS]",     squeue_options,
                       Stop::never, job_field_names, squeue_locals::run};

}  // namespace cox::cmds::slurm
