// Keys in Slurm's order; what is not known here is (null), N/A or Unknown, as there.
#include "cmds/slurm/scontrol_records.h"

#include <algorithm>
#include <vector>

#include "cmds/client/views.h"
#include "cmds/slurm/job_fields.h"
#include "cmds/slurm/node_fields.h"
#include "cmds/slurm/text.h"
#include "common/node_list.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

std::string joined(const std::vector<std::string>& lines, bool one_line) {
  return join(lines, one_line ? " " : "\n   ") + (one_line ? "\n" : "\n\n");
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string limit(std::int64_t us, const char* unlimited) {
  return is_limited(us) ? long_span(us) : unlimited;
}

const wire::Component& component(const wire::JobView& job) {
  return job.request().components_size() == 0 ? wire::Component::default_instance()
                                              : job.request().components(0);
}

std::string memory_key(const wire::Component& part) {
  if (part.memory_per_cpu_mib() >= 0) {
    return "MinMemoryCPU=" + memory(part.memory_per_cpu_mib(), false);
  }
  return "MinMemoryNode=" + memory(part.memory_per_node_mib(), false);
}

std::string first_line(const wire::JobView& job) {
  std::string text = "JobId=" + number(job.job());
  if (job.array() != 0) {
    text += " ArrayJobId=" + number(job.array()) +
            " ArrayTaskId=" + (job.is_element() ? number(job.index()) : job.elements());
  }
  return text + " JobName=" + job.name();
}

std::string tres(const wire::JobView& job) {
  std::int64_t mib = 0;
  for (const auto& share : job.shares()) {
    for (const std::int64_t amount : share.memory_mib()) mib += amount;
  }
  const std::string cpus = number(job.cpus());
  return "cpu=" + cpus + (mib > 0 ? ",mem=" + memory(mib, false) : "") +
         ",node=" + number(job.nodes()) + ",billing=" + cpus;
}

std::string priority_of(const wire::JobView& job) {
  const auto points = points_of(job);
  return points ? std::to_string(*points) : "N/A";
}

std::string folded(const auto& names) {
  return or_null(fold_node_list({names.begin(), names.end()}));
}

void add_when(const wire::JobView& job, std::int64_t now_us, std::vector<std::string>* lines) {
  const std::int64_t limit_us = job.time_limit_us();
  lines->push_back("RunTime=" + long_span(run_us(job, now_us)) + " TimeLimit=" +
                   (limit_us <= 0 ? "Partition_Limit" : limit(limit_us, "UNLIMITED")) +
                   " TimeMin=N/A");
  const std::int64_t eligible = std::max(job.submitted_us(), job.request().begin_us());
  lines->push_back("SubmitTime=" + date(job.submitted_us(), "Unknown") +
                   " EligibleTime=" + date(eligible, "Unknown"));
  lines->push_back("AccrueTime=" + date(eligible, "Unknown"));
  lines->push_back("StartTime=" + date(job.started_us(), "Unknown") +
                   " EndTime=" + date(end_us(job), "Unknown") +
                   " Deadline=" + date(job.request().deadline_us(), "N/A"));
  // How long it had run when it was made to stand still.
  const bool stands = job.stands_us() != 0;
  lines->push_back("SuspendTime=" + date(job.stands_us(), "None") + " SecsPreSuspend=" +
                   std::to_string(stands ? run_us(job, job.stands_us()) / 1'000'000 : 0) +
                   " LastSchedEval=Unknown Scheduler=Main");
}

void add_size(const wire::JobView& job, std::vector<std::string>* lines) {
  const wire::Component& part = component(job);
  const std::string each = number(std::max(part.cpus_per_task(), 1U));
  lines->push_back("NumNodes=" + number(job.nodes()) + " NumCPUs=" + number(job.cpus()) +
                   " NumTasks=" + number(job.tasks()) + " CPUs/Task=" + each +
                   " ReqB:S:C:T=0:0:*:*");
  lines->push_back("TRES=" + tres(job));
  const std::string per_node = number(part.tasks_per_node());
  lines->push_back("Socks/Node=* NtasksPerN:B:S:C=" + per_node + ":0:*:* CoreSpec=*");
  lines->push_back("MinCPUsNode=" + each + " " + memory_key(part) + " MinTmpDiskNode=0");
}

void add_files(const wire::JobView& job, std::vector<std::string>* lines) {
  const wire::JobRequest& request = job.request();
  const std::string command = join({request.argv().begin(), request.argv().end()}, " ");
  lines->push_back("Command=" + or_null(command));
  lines->push_back("WorkDir=" + request.directory());
  if (!request.comment().empty()) lines->push_back("Comment=" + request.comment());
  if (!job.output_path().empty()) {
    const std::string& error = job.error_path().empty() ? job.output_path() : job.error_path();
    lines->push_back("StdErr=" + error);
    lines->push_back("StdIn=" + (request.input().empty() ? "/dev/null" : request.input()));
    lines->push_back("StdOut=" + job.output_path());
  }
  const std::string asked = devices(request, "");
  if (!asked.empty()) lines->push_back("TresPerNode=" + asked);
}

std::string state_flags(const wire::NodeView& node) {
  std::string text = state_long(node);
  const bool is_silent = text.ends_with('*');
  if (is_silent) text.pop_back();
  const bool drains = text == "drained" || text == "draining";
  if (drains) {
    text = node.cores_used() == 0             ? "idle"
           : node.cores_used() < node.cores() ? "mixed"
                                              : "allocated";
  }
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text + (is_silent ? "*" : "") + (drains ? "+DRAIN" : "");
}

std::string features(const wire::NodeView& node) {
  std::vector<std::string> list;
  for (const auto& [key, value] : node.labels()) list.push_back(key + "=" + value);
  std::ranges::sort(list);
  return or_null(join(list, ","));
}

std::string switches_record(const wire::JobRequest& request) {
  const bool has_wait = request.switches_wait_us() < duration_unlimited.us;
  return "ReqSwitch=" + number(request.switches()) +
         (has_wait ? "@" + limit(request.switches_wait_us(), "UNLIMITED") : "");
}

}  // namespace

std::string job_record(const wire::JobView& job, std::int64_t now_us, bool one_line) {
  const wire::JobRequest& request = job.request();
  std::vector<std::string> lines;
  lines.push_back(first_line(job));
  lines.push_back("UserId=" + job.user() + "(" + number(job.uid()) + ") GroupId=" +
                  group_name(job.gid()) + "(" + number(job.gid()) + ") MCS_label=N/A");
  lines.push_back("Priority=" + priority_of(job) + " Nice=" + std::to_string(request.nice()) +
                  " Account=" + or_null(job.account()) + " QOS=" + or_null(request.qos()));
  lines.push_back("JobState=" + state_of(job) +
                  " Reason=" + (job.reason().empty() ? "None" : job.reason()) +
                  " Dependency=" + or_null(request.dependency()));
  lines.push_back(std::string("Requeue=") + (request.requeue() ? "1" : "0") +
                  " Restarts=" + number(job.attempt() > 1 ? job.attempt() - 1 : 0) +
                  " BatchFlag=" + (request.kind() == 0 ? "1" : "0") + " Reboot=0 ExitCode=" +
                  std::to_string(job.exit_code()) + ":" + std::to_string(job.signal()));
  add_when(job, now_us, &lines);
  lines.push_back("Partition=" + job.partition() +
                  " AllocNode:Sid=" + or_null(request.submit_host()) + ":0");
  lines.push_back("ReqNodeList=" + folded(request.nodes_wanted()) +
                  " ExcNodeList=" + folded(request.nodes_excluded()));
  lines.push_back("NodeList=" + or_null(job.node_list()));
  if (!job.node_list().empty()) lines.push_back("BatchHost=" + first_node(job.node_list()));
  add_size(job, &lines);
  lines.push_back("Features=" + or_null(request.constraint()) + " DelayBoot=00:00:00");
  lines.push_back(std::string("OverSubscribe=") + oversubscribe_text(component(job)) +
                  " Contiguous=0 Licenses=" + or_null(licenses_text(request)) + " Network=(null)");
  if (request.switches() != 0) lines.push_back(switches_record(request));
  add_files(job, &lines);
  return joined(lines, one_line);
}

std::string node_record(const wire::NodeView& node, bool one_line) {
  const std::uint32_t sockets = std::max(node.packages(), 1U);
  const std::string cores = number(node.cores());
  std::vector<std::string> list(node.devices().begin(), node.devices().end());
  std::vector<std::string> lines;
  lines.push_back("NodeName=" + node.name() + " CoresPerSocket=" + number(node.cores() / sockets));
  lines.push_back("CPUAlloc=" + number(node.cores_used()) + " CPUEfctv=" + cores +
                  " CPUTot=" + cores + " CPULoad=N/A");
  lines.push_back("AvailableFeatures=" + features(node));
  lines.push_back("ActiveFeatures=" + features(node));
  lines.push_back("Gres=" + or_null(join(list, ",")));
  lines.push_back("NodeAddr=" + node.address() + " NodeHostName=" + node.name() +
                  " Version=" + node.version());
  lines.push_back("RealMemory=" + std::to_string(node.memory_mib()) +
                  " AllocMem=" + std::to_string(node.memory_used_mib()) +
                  " FreeMem=N/A Sockets=" + number(sockets) + " Boards=1");
  lines.push_back("State=" + state_flags(node) +
                  " ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A");
  lines.push_back("Partitions=" + node.partitions());
  lines.push_back("BootTime=None SlurmdStartTime=None");
  lines.push_back("CfgTRES=cpu=" + cores + ",mem=" + memory(node.memory_mib(), true) +
                  ",billing=" + cores);
  lines.push_back("AllocTRES=" + (node.cores_used() == 0
                                      ? std::string()
                                      : "cpu=" + number(node.cores_used()) +
                                            ",mem=" + memory(node.memory_used_mib(), true)));
  if (!node.reason().empty()) {
    const std::string who = node.aside_who().empty() ? "coxctld" : node.aside_who();
    lines.push_back("Reason=" + node.reason() +
                    (node.aside_at_us() == 0
                         ? ""
                         : " [" + who + "@" + date(node.aside_at_us(), "Unknown") + "]"));
  }
  return joined(lines, one_line);
}

std::string partition_record(const wire::PartitionView& partition, bool one_line) {
  const std::string most = partition.max_nodes() == 0 ? "UNLIMITED" : number(partition.max_nodes());
  std::vector<std::string> lines;
  lines.push_back("PartitionName=" + partition.name());
  lines.push_back("AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL");
  lines.push_back(std::string("AllocNodes=ALL Default=") + (partition.is_default() ? "YES" : "NO") +
                  " QoS=N/A");
  lines.push_back("DefaultTime=" + limit(partition.default_time_us(), "NONE") +
                  " DisableRootJobs=NO ExclusiveUser=NO GraceTime=0 Hidden=NO");
  lines.push_back("MaxNodes=" + most + " MaxTime=" + limit(partition.max_time_us(), "UNLIMITED") +
                  " MinNodes=0 LLN=NO MaxCPUsPerNode=UNLIMITED");
  lines.push_back("Nodes=" + or_null(partition.node_list()));
  lines.push_back("PriorityJobFactor=1 PriorityTier=" + number(partition.tier()) +
                  " RootOnly=NO ReqResv=NO OverSubscribe=" + over_subscribe(partition));
  lines.push_back("OverTimeLimit=NONE PreemptMode=OFF");
  lines.push_back(std::string("State=") + (partition.state() == "up" ? "UP" : "DOWN") +
                  " TotalCPUs=" + number(partition.cores()) +
                  " TotalNodes=" + number(partition.nodes()) + " SelectTypeParameters=NONE");
  lines.push_back("JobDefaults=(null)");
  lines.push_back("DefMemPerNode=UNLIMITED MaxMemPerNode=UNLIMITED");
  lines.push_back("TRES=cpu=" + number(partition.cores()) + ",node=" + number(partition.nodes()) +
                  ",billing=" + number(partition.cores()));
  return joined(lines, one_line);
}

std::string license_record(const wire::LicenseView& license, bool one_line) {
  const std::uint64_t free =
      license.total() > license.used() ? license.total() - license.used() : 0;
  return "LicenseName=" + license.name() + (one_line ? " " : "\n    ") +
         "Total=" + number(license.total()) + " Used=" + number(license.used()) +
         " Free=" + number(free) + " Reserved=0 Remote=no\n";
}

}  // namespace cox::cmds::slurm
