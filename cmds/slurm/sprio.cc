// sprio: what makes the places of the jobs that wait, from the terms of the controller's order.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "cmds/client/job_ids.h"
#include "cmds/client/sort.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/format.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace sprio_locals {
namespace {

constexpr std::array table = {
    Option{"clusters", 'M', "LIST", exact, ""},
    Option{"cluster", 0, "LIST", exact, "", "clusters"},
    Option{"federation", 0, "", exact, ""},
    Option{"format", 'o', "FORMAT", exact, ""},
    Option{"help", 0, "", exact, ""},
    Option{"jobs", 'j', "[=LIST]", exact, ""},
    Option{"local", 0, "", exact, ""},
    Option{"long", 'l', "", exact, ""},
    Option{"noheader", 'h', "", exact, ""},
    Option{"norm", 'n', "", exact, ""},
    Option{"partition", 'p', "LIST", exact, ""},
    Option{"sibling", 0, "", exact, ""},
    Option{"sort", 'S', "LIST", exact, ""},
    Option{"usage", 0, "", exact, ""},
    Option{"user", 'u', "LIST", exact, ""},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
    Option{"weights", 'w', "", exact, ""},
};

/// A job in one of its partitions, or the weights.
struct Line {
  const wire::JobView* job = nullptr;  // null: the weights
  const wire::PriorityView* place = nullptr;
  const wire::PrioritySettings* weights = nullptr;
  std::string cluster;
};

/// In thousandths; 0 where the order has no such term.
std::int64_t term(const Line& l, std::string_view name) {
  if (l.place == nullptr) return 0;
  for (const wire::PriorityTerm& one : l.place->terms()) {
    if (one.name() == name) return one.thousandths();
  }
  return 0;
}

std::int64_t weight(const Line& l, std::string_view name) {
  const wire::PrioritySettings& all = *l.weights;
  if (name == "age") return all.age();
  if (name == "fairshare") return all.fairshare();
  if (name == "size") return all.size();
  if (name == "partition") return all.partition();
  return name == "qos" ? all.qos() : 0;
}

std::string points(std::int64_t thousandths) {
  return std::to_string(std::llround(static_cast<double>(thousandths) / 1000));
}

// As arguments of templates.
constexpr char age[] = "age", fairshare[] = "fairshare", size[] = "size",  // NOLINT
    partition[] = "partition", qos[] = "qos";                              // NOLINT

template <const char* name>
std::string weighted(const Line& l) {
  return l.job == nullptr ? std::to_string(weight(l, name)) : points(term(l, name));
}

/// From 0 to 1.
template <const char* name>
std::string normalised(const Line& l) {
  const std::int64_t full = weight(l, name);
  if (l.job == nullptr) return std::to_string(full);
  std::array<char, 48> text{};
  const double part =
      full == 0 ? 0 : static_cast<double>(term(l, name)) / 1000 / static_cast<double>(full);
  std::snprintf(text.data(), text.size(), "%.7f", part);
  return text.data();
}

std::int64_t sum_of(const Line& l) {
  std::int64_t sum = 0;
  for (const wire::PriorityTerm& one : l.place->terms()) sum += one.thousandths();
  return sum;
}

std::string whole(const Line& l) {
  return l.job == nullptr ? "" : points(sum_of(l));
}

/// Of the largest 32-bit number, as Slurm has it.
std::string whole_normalised(const Line& l) {
  if (l.job == nullptr) return "";
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.14f",
                static_cast<double>(std::max<std::int64_t>(sum_of(l), 0)) / 1000 / 4294967295.0);
  return text.data();
}

/// Slurm takes it off, and so shows it.
std::string nice(const Line& l) {
  return l.job == nullptr ? "" : points(-term(l, "nice"));
}

std::string zero(const Line& l) {
  return l.job == nullptr ? "" : "0";
}

std::string zero_weight(const Line& /*l*/) {
  return "0";
}

struct Field {
  char letter;
  const char* header;
  Parity parity;
  std::string (*text)(const Line& line);
};

constexpr std::array fields = {
    Field{'a', "AGE", exact, normalised<age>},
    Field{'A', "AGE", exact, weighted<age>},
    Field{'b', "ASSOC", exact, zero_weight},
    Field{'B', "ASSOC", exact, zero_weight},
    Field{'c', "CLUSTER", exact, [](const Line& l) { return l.cluster; }},
    Field{'f', "FAIRSHARE", exact, normalised<fairshare>},
    Field{'F', "FAIRSHARE", exact, weighted<fairshare>},
    Field{'i', "JOBID", exact,
          [](const Line& l) {
            return l.job == nullptr ? std::string("Weights") : std::to_string(l.job->job());
          }},
    Field{'j', "JOBSIZE", exact, normalised<size>},
    Field{'J', "JOBSIZE", exact, weighted<size>},
    Field{'N', "NICE", exact, nice},
    Field{'p', "PARTITION", exact, normalised<partition>},
    Field{'P', "PARTITION", exact, weighted<partition>},
    Field{'q', "QOS", exact, normalised<qos>},
    Field{'Q', "QOS", exact, weighted<qos>},
    Field{'r', "PARTITION", exact,
          [](const Line& l) { return l.job == nullptr ? std::string() : l.place->partition(); }},
    Field{'S', "SITE", exact, zero},
    Field{'t', "TRES", exact, zero_weight},
    Field{'T', "TRES", exact, zero_weight},
    Field{'u', "USER", exact,
          [](const Line& l) { return l.job == nullptr ? std::string() : l.job->user(); }},
    Field{'y', "PRIORITY", exact, whole_normalised},
    Field{'Y', "PRIORITY", exact, whole},
};

constexpr const char* usual_long =
    "%.15i %9r %.8u %.10Y %.10S %.10A %.10B %.10F %.10J %.10P %.10Q %.11N %.20T";
constexpr const char* usual_norm = "%.15i %9r %.16y %.10a %.10b %.10f %.10j %.10p %.10q";

Options options() {
  return table;
}

std::vector<FieldName> field_names() {
  std::vector<FieldName> names;
  for (const Field& field : fields) {
    names.push_back({std::string("%") + field.letter, field.parity});
  }
  return names;
}

Result<std::size_t> find_letter(std::string_view letter) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (letter == std::string_view(&fields[i].letter, 1)) return i;
  }
  return fail(Code::bad_usage, "Invalid job format specification: " + quoted(letter));
}

/// Terms that have a weight.
std::string usual(const wire::PrioritySettings& weights) {
  std::string format = "%.15i %9r %.10Y %.10S";
  if (weights.age() != 0) format += " %.10A";
  if (weights.fairshare() != 0) format += " %.10F";
  if (weights.size() != 0) format += " %.10J";
  if (weights.partition() != 0) format += " %.10P";
  if (weights.qos() != 0) format += " %.10Q";
  return format;
}

std::string format_asked(const Words& given, const wire::PrioritySettings& weights) {
  if (given.has("format")) return given.value("format");
  if (given.has("long")) return usual_long;
  return given.has("norm") ? usual_norm : usual(weights);
}

Result<wire::JobList> ask_jobs(Session& session, const Words& given) {
  wire::ClientRequest request;
  wire::ListJobs& list = *request.mutable_list_jobs();
  list.set_priorities(true);
  list.set_expand(true);
  const std::string named = given.has("jobs") && given.value("jobs").empty()
                                ? join(given.operands, ",")
                                : given.value("jobs");
  std::vector<JobName> names;
  for (const std::string& part : list_parts(named)) {
    const auto name = parse_job_name(part);
    if (!name || name->step) return fail(Code::bad_usage, "Invalid job id: " + quoted(part));
    names.push_back(*name);
  }
  put_names(names, &list);
  auto reply = session.ask_surely(std::move(request));
  if (!reply && reply.error().code == Code::not_found) return wire::JobList();
  if (!reply) return Failure(reply.error());
  return std::move(*reply->mutable_jobs());
}

/// -S: letters of fields, the least first unless '-' stands before them.
Result<void> sort_by(const std::string& text, std::vector<Line>* lines) {
  auto parts = list_parts(text);
  std::ranges::reverse(parts);
  for (std::string_view part : parts) {
    const bool is_descending = part.starts_with('-');
    if (is_descending || part.starts_with('+')) part.remove_prefix(1);
    const auto field = find_letter(part);
    if (!field) return fail(Code::bad_usage, "Invalid sort specification: " + quoted(text));
    const auto key = [&](const Line& line) { return sort_key(fields[*field].text(line), true); };
    std::ranges::stable_sort(*lines, [&](const Line& a, const Line& b) {
      return is_descending ? key(b) < key(a) : key(a) < key(b);
    });
  }
  return {};
}

std::string text_of(const std::vector<Piece>& pieces, const Line& line) {
  return lay_out_line(pieces, [&](std::size_t i) { return fields[i].text(line); });
}

/// What to print, and of which jobs.
struct Asked {
  std::vector<std::string> users, partitions;
  bool weights_only = false;
};

std::vector<Line> lines_of(const Asked& asked, const wire::JobList& jobs, const Line& weights) {
  if (asked.weights_only) return {weights};
  std::vector<Line> lines;
  for (const wire::JobView& job : jobs.jobs()) {
    if (!asked.users.empty() && !is_in(asked.users, job.user())) continue;
    for (const wire::PriorityView& place : job.priorities()) {
      const bool is_wanted = asked.partitions.empty() || is_in(asked.partitions, place.partition());
      if (is_wanted) lines.push_back({&job, &place, weights.weights, weights.cluster});
    }
  }
  return lines;
}

Result<Asked> read_asked(const Words& given) {
  const bool takes_operands = given.has("jobs") && given.value("jobs").empty();
  if (!given.operands.empty() && !takes_operands) {
    return fail(Code::bad_usage, "Unrecognized option: " + quoted(given.operands.front()));
  }
  auto users = user_names(given.value("user"));
  if (!users) return Failure(users.error());
  return Asked{std::move(*users), list_parts(given.value("partition")), given.has("weights")};
}

/// The settings, where there are terms to show.
Result<wire::Settings> settings(Session& session) {
  wire::ClientRequest request;
  request.mutable_config_action()->set_kind(wire::ConfigAction::SHOW);
  const auto reply = session.ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  const wire::Settings& known = reply->config().settings();
  if (known.priority() == "multifactor") return known;
  return fail(Code::bad_usage, "You are not running a supported priority plugin (priority/" +
                                   known.priority() + "): there are no terms to show");
}

Result<int> run(const Words& given) {
  const auto asked = read_asked(given);
  if (!asked) return Failure(asked.error());
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto checked = check_clusters(*session, given);
  if (!checked) return Failure(checked.error());
  const auto known = settings(*session);
  if (!known) return Failure(known.error());
  const auto pieces = read_letters(format_asked(given, known->priority_terms()), find_letter);
  if (!pieces) return Failure(pieces.error());
  const auto jobs = ask_jobs(*session, given);
  if (!jobs) return Failure(jobs.error());
  const Line weights{nullptr, nullptr, &known->priority_terms(), known->cluster()};
  auto lines = lines_of(*asked, *jobs, weights);
  const auto sorted = sort_by(given.value("sort"), &lines);
  if (!sorted) return Failure(sorted.error());
  std::string text = given.has("clusters") ? "CLUSTER: " + *checked + "\n" : "";
  if (!given.has("noheader")) {
    text += lay_out_line(*pieces, [](std::size_t i) { return std::string(fields[i].header); });
  }
  for (const Line& line : lines) text += text_of(*pieces, line);
  const auto printed = print(text);
  return printed ? Result<int>(0) : Failure(printed.error());
}

}  // namespace
}  // namespace sprio_locals

const Tool sprio_tool{
    "sprio",          "[OPTIONS]", sprio_locals::options, Stop::never, sprio_locals::field_names,
    sprio_locals::run};

}  // namespace cox::cmds::slurm
