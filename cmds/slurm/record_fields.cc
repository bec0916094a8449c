// What each field of sacct says.
#include "cmds/slurm/record_fields.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "cmds/client/table.h"
#include "cmds/client/views.h"
#include "cmds/slurm/job_fields.h"
#include "cmds/slurm/text.h"
#include "common/text.h"
#include "model/ids.h"

namespace cox::cmds::slurm {
namespace {

using R = Record;
using M = RecordManner;

bool has_begun(const R& r) {
  return r.job->started_us() != 0;
}

const wire::Component& component(const R& r) {
  return r.job->request().components_size() == 0 ? wire::Component::default_instance()
                                                 : r.job->request().components(0);
}

std::string of_job(const R& r, std::string text) {
  return r.step == nullptr ? std::move(text) : "";
}

std::string job_id(const R& r, const M& /*m*/) {
  const std::string id = array_id(*r.job);
  return r.step == nullptr ? id : id + "." + step_name(StepId{r.step->step()});
}

std::string raw_id(const R& r, const M& /*m*/) {
  const std::string id = std::to_string(r.job->job());
  return r.step == nullptr ? id : id + "." + step_name(StepId{r.step->step()});
}

std::string state(const R& r, const M& /*m*/) {
  if (r.step != nullptr) return r.step->state();
  const bool has_who = r.entry != nullptr && r.entry->has_ended_by();
  if (r.job->state() != "CANCELLED" || !has_who) return state_of(*r.job);
  return "CANCELLED by " + std::to_string(r.entry->ended_by());
}

std::string exit_code(const R& r, const M& /*m*/) {
  if (r.step != nullptr) {
    return std::to_string(r.step->result().exit_code()) + ":" +
           std::to_string(r.step->result().signal());
  }
  return std::to_string(r.job->exit_code()) + ":" + std::to_string(r.job->signal());
}

/// Of the steps beside the script, the highest.
std::string derived_exit(const R& r, const M& /*m*/) {
  std::int32_t code = 0, signal = 0;
  for (const wire::StepView& step : r.job->steps()) {
    if (StepId{step.step()} == step_batch) continue;
    code = std::max(code, step.result().exit_code());
    signal = std::max(signal, step.result().signal());
  }
  return of_job(r, std::to_string(code) + ":" + std::to_string(signal));
}

std::int64_t started(const R& r) {
  return r.step == nullptr ? r.job->started_us() : r.step->started_us();
}

std::int64_t ended(const R& r) {
  return r.step == nullptr ? r.job->ended_us() : r.step->ended_us();
}

std::int64_t elapsed_us(const R& r, const M& m) {
  if (started(r) == 0) return 0;
  const std::int64_t end = ended(r) == 0 ? m.now_us : ended(r);
  const std::int64_t stood = r.step == nullptr ? stood_us(*r.job, m.now_us) : 0;
  return std::max<std::int64_t>(end - started(r) - stood, 0);
}

std::uint32_t cpus(const R& r) {
  return has_begun(r) ? r.job->cpus() : 0;
}

const wire::Usage& usage(const R& r) {
  return r.step == nullptr ? r.job->usage() : r.step->result().usage();
}

std::string limit(const R& r, const M& /*m*/) {
  const std::int64_t us = r.job->time_limit_us();
  if (us <= 0) return of_job(r, "Partition_Limit");
  return of_job(r, is_limited(us) ? long_span(us) : "UNLIMITED");
}

std::string limit_raw(const R& r, const M& /*m*/) {
  const std::int64_t us = r.job->time_limit_us();
  if (us <= 0) return of_job(r, "Partition_Limit");
  return of_job(r, is_limited(us) ? std::to_string(us / 60'000'000) : "UNLIMITED");
}

/// Bytes as "1234K", in the unit asked for, or plain.
std::string bytes(std::int64_t amount, const M& m) {
  if (m.is_plain) return std::to_string(amount);
  constexpr std::string_view units = "KMGTP";
  const std::size_t unit = units.find(m.unit == 0 ? 'K' : m.unit);
  if (amount == 0) return "0";
  if (unit == 0 || unit == std::string_view::npos) {
    return std::to_string((amount + 1023) / 1024) + "K";
  }
  double value = static_cast<double>(amount) / 1024;
  for (std::size_t i = 0; i < unit; ++i) value /= 1024;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.2f%c", value, m.unit);
  return text.data();
}

std::string max_rss(const R& r, const M& m) {
  if (r.step == nullptr || r.step->ended_us() == 0) return "";
  return bytes(r.step->result().usage().memory_peak_bytes(), m);
}

/// MiB of one node; -1 where it was not asked for.
std::int64_t memory_asked(const R& r) {
  const bool has = r.entry != nullptr;
  const std::int64_t node = has ? r.entry->asked_memory_mib() : component(r).memory_per_node_mib();
  const std::int64_t each =
      has ? r.entry->asked_memory_per_cpu_mib() : component(r).memory_per_cpu_mib();
  if (node >= 0) return node;
  const std::uint32_t nodes = std::max(r.job->nodes(), 1U);
  return each >= 0 ? each * ((r.job->cpus() + nodes - 1) / nodes) : -1;
}

std::string asked_memory(const R& r, const M& m) {
  const std::int64_t mib = memory_asked(r);
  if (mib < 0) return of_job(r, "");
  return of_job(r, m.unit != 0 || m.is_plain ? bytes(mib << 20, m) : memory(mib, false));
}

std::string asked_tres(const R& r, const M& /*m*/) {
  const std::string n = std::to_string(r.job->cpus());
  const std::int64_t mib = memory_asked(r);
  return of_job(r, "billing=" + n + ",cpu=" + n +
                       (mib > 0 ? ",mem=" + memory(mib * r.job->nodes(), false) : "") +
                       ",node=" + std::to_string(r.job->nodes()));
}

std::string given_tres(const R& r, const M& /*m*/) {
  if (!has_begun(r)) return "";
  const std::string n = std::to_string(r.job->cpus());
  return of_job(r, "billing=" + n + ",") + "cpu=" + n + ",node=" + std::to_string(r.job->nodes());
}

std::string nodes(const R& r, const M& /*m*/) {
  if (r.step != nullptr) return r.step->nodes();
  return r.job->node_list().empty() ? "None assigned" : r.job->node_list();
}

std::string of_both(const R& r, const std::string& past, const std::string& now) {
  return of_job(r, r.entry != nullptr ? past : now);
}

std::int64_t eligible_us(const R& r) {
  if (r.entry != nullptr) return r.entry->eligible_us();
  return std::max(r.job->submitted_us(), r.job->request().begin_us());
}

std::string planned(const R& r, const M& m) {
  const std::int64_t until = has_begun(r)             ? r.job->started_us()
                             : r.job->ended_us() != 0 ? r.job->ended_us()
                                                      : m.now_us;
  return of_job(r, long_span(until - eligible_us(r)));
}

std::string reason(const R& r, const M& /*m*/) {
  return of_job(r, r.job->reason().empty() ? "None" : r.job->reason());
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

const std::array fields = {
    RecordField{"Account", 10, exact, [](const R& r, const M&) { return r.job->account(); }},
    RecordField{"AdminComment", 15, about, nullptr},
    RecordField{"AllocCPUS", 10, exact, [](const R& r, const M&) { return number(cpus(r)); }},
    RecordField{"AllocNodes", 10, exact,
                [](const R& r, const M&) { return number(has_begun(r) ? r.job->nodes() : 0); }},
    RecordField{"AllocTRES", 10, about, given_tres},
    RecordField{"AssocID", 7, about, nullptr},
    RecordField{"AveCPU", 10, about, nullptr},
    RecordField{"AveCPUFreq", 10, about, nullptr},
    RecordField{"AveDiskRead", 14, about, nullptr},
    RecordField{"AveDiskWrite", 14, about, nullptr},
    RecordField{"AvePages", 10, about, nullptr},
    RecordField{"AveRSS", 10, about, nullptr},
    RecordField{"AveVMSize", 10, about, nullptr},
    RecordField{"BlockID", 16, about, nullptr},
    RecordField{"Cluster", 10, exact, [](const R&, const M& m) { return m.cluster; }},
    RecordField{"Comment", 14, exact,
                [](const R& r, const M&) {
                  return of_both(r, r.entry != nullptr ? r.entry->comment() : "",
                                 r.job->request().comment());
                }},
    RecordField{"Constraints", 19, exact,
                [](const R& r, const M&) { return of_job(r, r.job->request().constraint()); }},
    RecordField{"ConsumedEnergy", 14, about, nullptr},
    RecordField{"ConsumedEnergyRaw", 17, about, nullptr},
    RecordField{"Container", 19, about, nullptr},
    RecordField{"CPUTime", 10, exact,
                [](const R& r, const M& m) { return long_span(elapsed_us(r, m) * cpus(r)); }},
    RecordField{"CPUTimeRAW", 10, exact,
                [](const R& r, const M& m) {
                  return std::to_string(elapsed_us(r, m) / 1'000'000 * cpus(r));
                }},
    RecordField{"DBIndex", -10, about, nullptr},
    RecordField{"DerivedExitCode", 15, exact, derived_exit},
    RecordField{"Elapsed", 10, exact,
                [](const R& r, const M& m) { return long_span(elapsed_us(r, m)); }},
    RecordField{"ElapsedRaw", 10, exact,
                [](const R& r, const M& m) { return std::to_string(elapsed_us(r, m) / 1'000'000); }},
    RecordField{"Eligible", 19, exact,
                [](const R& r, const M&) { return of_job(r, date(eligible_us(r), "Unknown")); }},
    RecordField{"End", 19, exact, [](const R& r, const M&) { return date(ended(r), "Unknown"); }},
    RecordField{"ExitCode", 8, exact, exit_code},
    RecordField{"Flags", 19, about, nullptr},
    RecordField{"GID", 6, exact,
                [](const R& r, const M&) { return of_job(r, number(r.job->gid())); }},
    RecordField{"Group", 9, exact,
                [](const R& r, const M&) {
                  return of_both(r, r.entry != nullptr ? r.entry->group() : "",
                                 number(r.job->gid()));
                }},
    RecordField{"JobID", -12, exact, job_id},
    RecordField{"JobIDRaw", -12, exact, raw_id},
    RecordField{"JobName", 10, exact,
                [](const R& r, const M&) {
                  return r.step == nullptr ? r.job->name() : r.step->name();
                }},
    RecordField{"Layout", 9, about, nullptr},
    RecordField{"MaxDiskRead", 12, about, nullptr},
    RecordField{"MaxDiskWrite", 12, about, nullptr},
    RecordField{"MaxPages", 8, about, nullptr},
    RecordField{"MaxRSS", 10, about, max_rss},
    RecordField{"MaxRSSNode", 10, about, nullptr},
    RecordField{"MaxRSSTask", 10, about, nullptr},
    RecordField{"MaxVMSize", 10, about, nullptr},
    RecordField{"MinCPU", 10, about, nullptr},
    RecordField{"NCPUS", 10, exact, [](const R& r, const M&) { return number(cpus(r)); }},
    RecordField{"NNodes", 8, exact, [](const R& r, const M&) { return number(r.job->nodes()); }},
    RecordField{"NodeList", 15, exact, nodes},
    RecordField{"NTasks", 8, exact,
                [](const R& r, const M&) {
                  return r.step == nullptr ? "" : number(r.step->tasks());
                }},
    RecordField{"Partition", 10, exact,
                [](const R& r, const M&) { return of_job(r, r.job->partition()); }},
    RecordField{"Planned", 10, exact, planned},
    RecordField{"Priority", 10, about, nullptr},
    RecordField{"QOS", 10, exact,
                [](const R& r, const M&) {
                  return of_both(r, r.entry != nullptr ? r.entry->qos() : "",
                                 r.job->request().qos());
                }},
    RecordField{"Reason", 22, exact, reason},
    RecordField{"ReqCPUS", 8, exact, [](const R& r, const M&) {
                  return number(r.entry != nullptr ? r.entry->asked_cpus() : r.job->cpus());
                }},
    RecordField{"ReqMem", 10, exact, asked_memory},
    RecordField{"ReqNodes", 8, exact, [](const R& r, const M&) {
                  return of_job(r, number(r.entry != nullptr ? r.entry->asked_nodes_min()
                                                             : r.job->nodes()));
                }},
    RecordField{"ReqTRES", 10, about, asked_tres},
    RecordField{"Reservation", 20, exact, nullptr},
    RecordField{"Reserved", 10, exact, planned},
    RecordField{"Start", 19, exact,
                [](const R& r, const M&) {
                  return date(started(r), ended(r) == 0 ? "Unknown" : "None");
                }},
    RecordField{"State", 10, exact, state},
    RecordField{"Submit", 19, exact,
                [](const R& r, const M&) {
                  return date(r.step == nullptr ? r.job->submitted_us() : r.step->started_us(),
                              "Unknown");
                }},
    RecordField{"SubmitLine", 20, about, nullptr},
    RecordField{"Suspended", 10, exact,
                [](const R& r, const M& m) { return of_job(r, long_span(stood_us(*r.job, m.now_us))); }},
    RecordField{"SystemComment", 15, about, nullptr},
    RecordField{"SystemCPU", 10, exact,
                [](const R& r, const M&) { return cpu_span(usage(r).system_us()); }},
    RecordField{"Timelimit", 10, exact, limit},
    RecordField{"TimelimitRaw", 10, exact, limit_raw},
    RecordField{"TotalCPU", 10, exact,
                [](const R& r, const M&) {
                  return cpu_span(usage(r).user_us() + usage(r).system_us());
                }},
    RecordField{"UID", 6, exact,
                [](const R& r, const M&) { return of_job(r, number(r.job->uid())); }},
    RecordField{"User", 9, exact, [](const R& r, const M&) { return of_job(r, r.job->user()); }},
    RecordField{"UserCPU", 10, exact,
                [](const R& r, const M&) { return cpu_span(usage(r).user_us()); }},
    RecordField{"WCKey", 10, about, nullptr},
    RecordField{"WorkDir", 20, exact,
                [](const R& r, const M&) {
                  return of_both(r, r.entry != nullptr ? r.entry->directory() : "",
                                 r.job->request().directory());
                }},
};

}  // namespace

std::span<const RecordField> record_fields() {
  return fields;
}

std::vector<FieldName> record_field_names() {
  return names_of(fields);
}

std::vector<ColumnKnown> record_columns() {
  return columns_of(fields);
}

}  // namespace cox::cmds::slurm
