// squeue: jobs as Slurm's lists show them.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>

#include "cmds/client/job_ids.h"
#include "cmds/client/sort.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/format.h"
#include "cmds/slurm/job_fields.h"
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
    if (!any_state && !is_in(states, job.state())) return false;
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
    filter->states = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING"};
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

struct Output {
  std::vector<Piece> pieces;
  bool is_full = false;
  bool has_header = true;
};

Result<Output> read_output(const Words& given) {
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
  Output output{std::move(*pieces), false, !given.has("noheader")};
  for (Piece& piece : output.pieces) {
    const JobField& field = job_fields()[piece.field];
    output.is_full |= field.is_full;
    piece.may_cut = !by_letters || !field.is_whole;
  }
  return output;
}

/// -S: letters of fields, the least first unless '-' stands before them.
Result<void> sort_by(const std::string& text,
                     std::int64_t now_us,
                     std::vector<const wire::JobView*>* rows) {
  auto parts = list_parts(text);
  std::ranges::reverse(parts);
  for (std::string_view part : parts) {
    const bool is_descending = part.starts_with('-');
    if (is_descending || part.starts_with('+')) part.remove_prefix(1);
    const auto field = find_job_letter(part);
    if (!field || part.size() != 1) {
      return fail(Code::bad_usage, "Invalid sort specification: " + quoted(text));
    }
    std::map<const wire::JobView*, SortKey> keys;
    for (const wire::JobView* job : *rows) {
      keys[job] = sort_key(job_fields()[*field].text({*job, now_us, true}), true);
    }
    std::ranges::stable_sort(*rows, [&](const auto* a, const auto* b) {
      return is_descending ? keys[b] < keys[a] : keys[a] < keys[b];
    });
  }
  return {};
}

/// By partition, then by state, then as the controller has them.
void sort_usual(std::vector<const wire::JobView*>* rows) {
  std::ranges::stable_sort(*rows, [](const auto* a, const auto* b) {
    if (a->partition() != b->partition()) return a->partition() < b->partition();
    return parse_job_state(a->state()) < parse_job_state(b->state());
  });
}

struct Asked {
  std::vector<JobName> jobs;    // none twice
  std::size_t names_given = 0;  // as they were given: who names one twice wants no error for it
  Filter filter;
  Output output;
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

Result<wire::JobList> ask_list(Session& session, const Asked& asked) {
  wire::ClientRequest request;
  wire::ListJobs& list = *request.mutable_list_jobs();
  put_names(asked.jobs, &list);
  list.set_expand(true);
  list.set_full(asked.output.is_full || !asked.filter.qos.empty());
  const Filter& filter = asked.filter;
  const bool wants_ended = filter.any_state || std::ranges::any_of(filter.states, [](auto& word) {
                             const auto state = parse_job_state(word);
                             return state && is_final(*state);
                           });
  list.set_ended(wants_ended || !asked.jobs.empty());
  if (filter.has_users && filter.users.size() == 1) list.set_user(filter.users.front());
  auto reply = session.ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  return std::move(*reply->mutable_jobs());
}

std::string table(const Output& output,
                  const std::vector<const wire::JobView*>& rows,
                  std::int64_t now_us,
                  bool is_plain) {
  std::string text;
  const auto fields = job_fields();
  if (output.has_header) {
    text +=
        lay_out_line(output.pieces, [&](std::size_t i) { return std::string(fields[i].header); });
  }
  for (const wire::JobView* job : rows) {
    text += lay_out_line(output.pieces, [&](std::size_t i) {
      return fields[i].text({*job, now_us, is_plain});
    });
  }
  return text;
}

/// A single job that nobody knows is an error; of several the known ones are shown.
Result<bool> is_unknown(const Asked& asked, Session& session, const wire::JobList& list) {
  if (asked.names_given != 1 || list.jobs_size() != 0) return false;
  if (!asked.filter.has_users) return true;
  Asked alone;
  alone.jobs = asked.jobs;
  const auto whole = ask_list(session, alone);
  if (!whole) return Failure(whole.error());
  return whole->jobs_size() == 0;
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
  auto list = ask_list(*session, *asked);
  if (!list && list.error().code == Code::not_found) list = wire::JobList();
  if (!list) return Failure(list.error());
  const auto unknown = is_unknown(*asked, *session, *list);
  if (!unknown) return Failure(unknown.error());
  if (*unknown) {
    say_plain("slurm_load_jobs error: Invalid job id specified");
    return 1;
  }
  std::vector<wire::JobView> jobs;
  const bool by_element = given.has("array") || !variable("SQUEUE_ARRAY").empty();
  for (const wire::JobView& job : list->jobs()) {
    if (!asked->filter.keeps(job)) continue;
    if (!by_element) {
      jobs.push_back(job);
      continue;
    }
    for (wire::JobView& one : elements_of(job)) jobs.push_back(std::move(one));
  }
  std::vector<const wire::JobView*> rows;
  for (const wire::JobView& job : jobs) rows.push_back(&job);
  const std::int64_t now_us = wall_now().us;
  sort_usual(&rows);
  const auto sorted = sort_by(squeue_locals::asked(given, "sort", "SQUEUE_SORT"), now_us, &rows);
  if (!sorted) return Failure(sorted.error());
  std::string text = given.has("clusters") ? "CLUSTER: " + *cluster + "\n" : "";
  if (given.has("long")) text = date_line(now_us) + text;
  const auto printed = print(text + table(asked->output, rows, now_us, given.has("noconvert")));
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace
}  // namespace squeue_locals

const Tool squeue_tool{"squeue",    "[OPTIONS]",     squeue_options,
                       Stop::never, job_field_names, squeue_locals::run};

}  // namespace cox::cmds::slurm
