// What each field of squeue says of a job.
#include "cmds/slurm/job_fields.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "cmds/client/submission.h"
#include "cmds/client/table.h"
#include "cmds/client/views.h"
#include "cmds/slurm/text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/job_state.h"

namespace cox::cmds::slurm {
namespace {

using Line = JobLine;
using enum Needs;

bool is_pending(const wire::JobView& job) {
  return job.state() == to_text(JobState::pending);
}

const wire::Component& component(const wire::JobView& job) {
  return job.request().components_size() == 0 ? wire::Component::default_instance()
                                              : job.request().components(0);
}

std::string limit(const Line& l) {
  if (l.job.time_limit_us() <= 0) return "NOT_SET";
  return is_limited(l.job.time_limit_us()) ? short_span(l.job.time_limit_us()) : "UNLIMITED";
}

std::string time_left(const Line& l) {
  if (l.job.time_limit_us() <= 0) return "NOT_SET";
  if (!is_limited(l.job.time_limit_us())) return "UNLIMITED";
  return short_span(l.job.time_limit_us() - run_us(l.job, l.now_us));
}

std::string array_job(const Line& l) {
  return std::to_string(l.job.array() == 0 ? l.job.job() : l.job.array());
}

std::string array_task(const Line& l) {
  if (l.job.is_element()) return std::to_string(l.job.index());
  return l.job.elements().empty() ? "N/A" : l.job.elements();
}

std::string min_memory(const Line& l) {
  const wire::Component& part = component(l.job);
  return memory(std::max(part.memory_per_node_mib(), part.memory_per_cpu_mib()), l.is_plain);
}

std::string folded(const auto& names) {
  return or_null(fold_node_list({names.begin(), names.end()}));
}

std::string command(const Line& l) {
  const auto& argv = l.job.request().argv();
  return or_null(join({argv.begin(), argv.end()}, " "));
}

std::string allocated(const Line& l) {
  std::string text = "cpu=" + std::to_string(l.job.cpus());
  std::int64_t mib = 0;
  for (const auto& share : l.job.shares()) {
    for (const std::int64_t amount : share.memory_mib()) mib += amount;
  }
  if (mib > 0) text += ",mem=" + memory(mib, false);
  return text + ",node=" + std::to_string(l.job.nodes());
}

// What is not kept here, or not told by the controller, has no invented value.
std::string not_known(const Line& /*l*/) {
  return "N/A";
}

std::string priority_points(const Line& l) {
  const auto points = points_of(l.job);
  return points ? std::to_string(*points) : "N/A";
}

/// Of the largest 32-bit number.
std::string priority_part(const Line& l) {
  const auto points = points_of(l.job);
  if (!points) return "N/A";
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.14f",
                static_cast<double>(std::max<std::int64_t>(*points, 0)) / UINT32_MAX);
  return text.data();
}

std::string null_text(const Line& /*l*/) {
  return "(null)";
}

std::string any_text(const Line& /*l*/) {
  return "*";
}

std::string zero(const Line& /*l*/) {
  return "0";
}

std::string share_text(const Line& l) {
  return oversubscribe_text(component(l.job));
}

std::string batch_host(const Line& l) {
  const std::string node = first_node(l.job.node_list());
  return node.empty() ? "n/a" : node;
}

std::string number(std::uint64_t value, const Line& l) {
  return count(value, l.is_plain);
}

constexpr auto name_of = [](const Line& l) { return l.job.name(); };
constexpr auto id_of = [](const Line& l) { return array_id(l.job); };
constexpr auto raw_of = [](const Line& l) { return std::to_string(l.job.job()); };
constexpr auto group_of = [](const Line& l) { return std::to_string(l.job.gid()); };
constexpr auto min_cpus = [](const Line& l) {
  return std::to_string(std::max(component(l.job).cpus_per_task(), 1U));
};
constexpr auto reason_of = [](const Line& l) {
  return l.job.reason().empty() ? std::string("None") : l.job.reason();
};

const std::array fields = {
    JobField{'a', "Account", "ACCOUNT", exact, usual, false,
             [](const Line& l) { return or_null(l.job.account()); }},
    JobField{'A', "JobID", "JOBID", exact, brief, true, raw_of},
    JobField{'b', "tres-per-node", "TRES_PER_NODE", exact, full, false,
             [](const Line& l) { return devices(l.job.request(), "N/A"); }},
    JobField{0, "Gres", "TRES_PER_NODE", exact, full, false,
             [](const Line& l) { return devices(l.job.request(), "N/A"); }},
    JobField{'B', "BatchHost", "EXEC_HOST", exact, brief, true, batch_host},
    JobField{'c', "MinCPUs", "MIN_CPUS", about, full, false, min_cpus},
    JobField{0, "cpus-per-task", "CPUS_PER_TASK", exact, full, false, min_cpus},
    JobField{'C', "NumCPUs", "CPUS", exact, brief, false,
             [](const Line& l) { return number(l.job.cpus(), l); }},
    JobField{'d', "MinTmpDisk", "MIN_TMP_DISK", about, brief, false, zero},
    JobField{'D', "NumNodes", "NODES", exact, brief, false,
             [](const Line& l) { return number(l.job.nodes(), l); }},
    JobField{0, "NumTasks", "TASKS", exact, brief, false,
             [](const Line& l) { return number(l.job.tasks(), l); }},
    JobField{'e', "EndTime", "END_TIME", exact, brief, false,
             [](const Line& l) { return date(end_us(l.job), "N/A"); }},
    JobField{'E', "Dependency", "DEPENDENCY", about, full, true,
             [](const Line& l) { return or_null(l.job.request().dependency()); }},
    JobField{'f', "Feature", "FEATURES", exact, full, false,
             [](const Line& l) { return or_null(l.job.request().constraint()); }},
    JobField{'F', "ArrayJobID", "ARRAY_JOB_ID", exact, brief, true, array_job},
    JobField{'g', "GroupName", "GROUP", about, usual, false, group_of},
    JobField{'G', "GroupID", "GROUP", exact, usual, false, group_of},
    JobField{'h', "OverSubscribe", "OVER_SUBSCRIBE", exact, full, false, share_text},
    JobField{'H', "Sockets", "SOCKETS_PER_NODE", exact, brief, false, any_text},
    JobField{'i', "JobArrayID", "JOBID", exact, brief, true, id_of},
    JobField{'I', "Cores", "CORES_PER_SOCKET", exact, brief, false, any_text},
    JobField{'j', "Name", "NAME", exact, brief, false, name_of},
    JobField{'J', "Threads", "THREADS_PER_CORE", exact, brief, false, any_text},
    JobField{'k', "Comment", "COMMENT", exact, full, false,
             [](const Line& l) { return or_null(l.job.request().comment()); }},
    JobField{'K', "ArrayTaskID", "ARRAY_TASK_ID", exact, brief, true, array_task},
    JobField{'l', "TimeLimit", "TIME_LIMIT", exact, brief, false, limit},
    JobField{'L', "TimeLeft", "TIME_LEFT", exact, brief, false, time_left},
    JobField{'m', "MinMemory", "MIN_MEMORY", exact, full, false, min_memory},
    JobField{'M', "TimeUsed", "TIME", exact, brief, false,
             [](const Line& l) { return short_span(run_us(l.job, l.now_us)); }},
    JobField{'n', "ReqNodes", "REQ_NODES", exact, full, true,
             [](const Line& l) { return folded(l.job.request().nodes_wanted()); }},
    JobField{'N', "NodeList", "NODELIST", exact, brief, true,
             [](const Line& l) { return l.job.node_list(); }},
    JobField{'o', "Command", "COMMAND", about, full, false, command},
    JobField{'O', "Contiguous", "CONTIGUOUS", exact, brief, false, zero},
    JobField{'p', "Priority", "PRIORITY", about, brief, false, priority_part},
    JobField{'P', "Partition", "PARTITION", exact, brief, false,
             [](const Line& l) { return l.job.partition(); }},
    JobField{'q', "QOS", "QOS", exact, full, false,
             [](const Line& l) { return or_null(l.job.request().qos()); }},
    JobField{'Q', "PriorityLong", "PRIORITY", about, brief, false, priority_points},
    JobField{'r', "Reason", "REASON", exact, brief, false, reason_of},
    JobField{'R', "ReasonList", "NODELIST(REASON)", exact, brief, true,
             [](const Line& l) { return place_text(l.job); }},
    JobField{'S', "StartTime", "START_TIME", about, brief, false,
             [](const Line& l) { return date(l.job.started_us(), "N/A"); }},
    JobField{'s', "SelectJobInfo", "SELECT_JOBINFO", refused, brief, false, nullptr},
    JobField{'t', "StateCompact", "ST", exact, brief, false,
             [](const Line& l) {
               const auto state = parse_job_state(state_of(l.job));
               return std::string(state ? state_letters(*state) : "?");
             }},
    JobField{'T', "State", "STATE", exact, brief, false,
             [](const Line& l) { return state_of(l.job); }},
    JobField{'u', "UserName", "USER", exact, brief, false,
             [](const Line& l) { return l.job.user(); }},
    JobField{'U', "UserID", "UID", exact, usual, false,
             [](const Line& l) { return std::to_string(l.job.uid()); }},
    JobField{'v', "Reservation", "RESERVATION", exact, brief, false, null_text},
    JobField{'V', "SubmitTime", "SUBMIT_TIME", exact, usual, false,
             [](const Line& l) { return date(l.job.submitted_us(), "N/A"); }},
    JobField{'w', "WCKey", "WCKEY", exact, brief, false, null_text},
    JobField{'W', "Licenses", "LICENSES", exact, full, false,
             [](const Line& l) { return or_null(licenses_text(l.job.request())); }},
    JobField{'x', "ExcNodes", "EXC_NODES", exact, full, true,
             [](const Line& l) { return folded(l.job.request().nodes_excluded()); }},
    JobField{'X', "CoreSpec", "CORE_SPEC", exact, brief, false, not_known},
    JobField{'y', "Nice", "NICE", exact, full, false,
             [](const Line& l) { return std::to_string(l.job.request().nice()); }},
    JobField{'Y', "SchedNodes", "SCHEDNODES", about, brief, true, null_text},
    JobField{'z', "SCT", "S:C:T", exact, brief, false,
             [](const Line& /*l*/) { return std::string("*:*:*"); }},
    JobField{'Z', "WorkDir", "WORK_DIR", exact, full, false,
             [](const Line& l) { return l.job.request().directory(); }},
    JobField{0, "tres-alloc", "TRES_ALLOC", about, full, false, allocated},
    JobField{0, "StdOut", "STDOUT", exact, full, false,
             [](const Line& l) { return l.job.output_path(); }},
    JobField{0, "StdErr", "STDERR", exact, full, false,
             [](const Line& l) { return l.job.error_path(); }},
    JobField{0, "StdIn", "STDIN", exact, full, false,
             [](const Line& l) {
               const std::string& input = l.job.request().input();
               return input.empty() ? "/dev/null" : input;
             }},
    JobField{0, "Requeue", "REQUEUE", exact, full, false,
             [](const Line& l) { return std::string(l.job.request().requeue() ? "1" : "0"); }},
    JobField{0, "RestartCnt", "RESTART_COUNT", about, usual, false,
             [](const Line& l) {
               return std::to_string(l.job.attempt() > 1 ? l.job.attempt() - 1 : 0);
             }},
    JobField{0, "Deadline", "DEADLINE", exact, full, false,
             [](const Line& l) { return date(l.job.request().deadline_us(), "N/A"); }},
    JobField{0, "exit_code", "EXIT_CODE", exact, usual, false,
             [](const Line& l) { return std::to_string(l.job.exit_code()); }},
};

}  // namespace

std::span<const JobField> job_fields() {
  return fields;
}

std::vector<FieldName> job_field_names() {
  std::vector<FieldName> names;
  for (const JobField& field : fields) {
    if (field.letter != 0) names.push_back({std::string("%") + field.letter, field.parity});
    names.push_back({field.name, field.parity});
  }
  return names;
}

Result<std::size_t> find_job_letter(std::string_view letter) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].letter == 0 || letter != std::string_view(&fields[i].letter, 1)) continue;
    if (fields[i].text != nullptr) return i;
    return fail(Code::bad_usage, "%" + std::string(letter) + ": not supported by this version");
  }
  return fail(Code::bad_usage, "Invalid job format specification: " + quoted(letter));
}

Result<std::size_t> find_job_name(std::string_view name) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (upper(name) != upper(fields[i].name)) continue;
    if (fields[i].text != nullptr) return i;
    return fail(Code::bad_usage, quoted(name) + ": not supported by this version");
  }
  return fail(Code::bad_usage, "Invalid job format specification: " + quoted(name));
}

bool is_of_place(const JobField& field) {
  return field.letter == 'p' || field.letter == 'Q';
}

std::optional<std::int64_t> points_of(const wire::JobView& job) {
  std::optional<std::int64_t> most;
  for (const wire::PriorityView& place : job.priorities()) {
    std::int64_t sum = 0;
    for (const wire::PriorityTerm& term : place.terms()) sum += term.thousandths();
    const std::int64_t points = std::llround(static_cast<double>(sum) / 1000);
    most = std::max(most.value_or(points), points);
  }
  return most;
}

std::string oversubscribe_text(const wire::Component& part) {
  if (part.exclusive()) return "NO";
  return part.exclusive_user() ? "USER" : "OK";
}

std::string place_text(const wire::JobView& job) {
  const bool shows_reason = is_pending(job) || job.state() == to_text(JobState::timeout) ||
                            job.state() == to_text(JobState::deadline) ||
                            job.state() == to_text(JobState::failed) ||
                            job.state() == to_text(JobState::out_of_memory);
  if (!shows_reason) return job.node_list();
  if (!is_pending(job)) {
    if (job.state() == to_text(JobState::timeout)) return "(TimeLimit)";
    if (job.state() == to_text(JobState::deadline)) return "(DeadLine)";
    if (job.state() == to_text(JobState::out_of_memory)) return "(OutOfMemory)";
    return "(NonZeroExitCode)";
  }
  return "(" + (job.reason().empty() ? std::string("None") : job.reason()) + ")";
}

std::int64_t end_us(const wire::JobView& job) {
  if (job.ended_us() != 0) return job.ended_us();
  if (job.started_us() == 0 || !is_limited(job.time_limit_us())) return 0;
  return job.started_us() + job.time_limit_us() + stood_us(job, wall_now().us);
}

bool stands_still(const wire::JobView& job) {
  return job.stands_us() != 0 && job.state() == to_text(JobState::running);
}

std::string state_of(const wire::JobView& job) {
  return stands_still(job) ? std::string(to_text(JobState::suspended)) : job.state();
}

std::int64_t run_us(const wire::JobView& job, std::int64_t now_us) {
  if (job.started_us() == 0) return 0;
  const std::int64_t end = job.ended_us() == 0 ? now_us : job.ended_us();
  return std::max<std::int64_t>(end - job.started_us() - stood_us(job, now_us), 0);
}

}  // namespace cox::cmds::slurm
