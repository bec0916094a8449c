// The samples of fact_samples.h, and a field by field comparison: facts have no operator==.
#include "ctld/store/fact_samples.h"

#include <tuple>
#include <type_traits>

namespace cox::ctld {

namespace {

constexpr Instant at{1'700'000'000'123'456};
constexpr JobId sampled{4'294'967'297};  // beyond 32 bits
constexpr Attempt attempt{3};
constexpr StepId step{7};
constexpr NodeId node{12};

Hash hash(std::uint8_t first) {
  Hash made;
  for (std::uint8_t& byte : made.bytes) byte = first++;
  return made;
}

StepRequest step_request() {
  StepRequest request;
  request.argv = {"./solver", "", "caf\xe9"};  // an argument need not be UTF-8
  request.name = "solve";
  request.nodes = 2;
  request.tasks = 16;
  request.tasks_per_node = 8;
  request.cpus_per_task = 2;
  request.environment = hash(1);
  request.directory = "/home/ada/run";
  request.output = "out-%t";
  request.error = "err-%t";
  request.input = "in";
  request.mpi = MpiKind::pmix;
  request.label_output = true;
  request.kill_on_bad_exit = false;
  request.time_limit = minutes(90);
  return request;
}

/// One of many in its job, with what it takes.
StepRequest exact_request() {
  StepRequest request = step_request();
  request.sharing = StepSharing::exact;
  request.memory_per_node_mib = 0;
  request.memory_per_cpu_mib = 512;
  request.devices = {{"gpu", "a100", 1}};
  request.nodes_wanted = {"n12"};
  request.nodes_excluded = {"n13"};
  request.input_task = 0;
  return request;
}

/// With what it asks of its binding.
StepRequest bound_request() {
  StepRequest request = exact_request();
  request.bind = {BindKind::list, {{0, 1, 4}, {2, 3}}};
  request.distribution = {DistributionKind::plane, 4};
  request.pty = true;
  return request;
}

Component component() {
  Component part;
  part.nodes_min = 2;
  part.nodes_max = 4;
  part.tasks = 16;
  part.tasks_per_node = 8;
  part.cpus_per_task = 2;
  part.memory_per_node_mib = 32'768;
  part.memory_per_cpu_mib = 0;
  part.devices = {{"gpu", "a100", 2}};
  part.exclusive = true;
  return part;
}

JobRequest job_request() {
  JobRequest request;
  JobCommon& common = request.common.edit();
  common.kind = JobKind::interactive;
  common.user = {1001, 100, {4, 27}, "ada", "/home/ada", "/bin/bash"};
  common.account = "physics";
  common.qos = "normal";
  request.name = "wave";
  common.comment = "a comment";
  common.labels = {{"team", "blue"}};
  request.script = hash(2);
  request.argv = {"wave.sh", "--fast"};
  request.environment = hash(3);
  common.directory = "/home/ada";
  common.output = "o-%j";
  common.error = "e-%j";
  common.input = "i";
  common.append_output = true;
  common.umask = 027;
  common.limits = {{7, 1024, 4096}};
  common.submit_host = "login1";
  common.partitions = {"batch", "long"};
  common.wishes.edit().constraint = Constraint::parse("gpu&!old").value();
  common.nodes_wanted = {"n1"};
  common.nodes_excluded = {"n9"};
  common.components = {component()};
  request.time_limit = minutes(30);
  request.begin = at;
  common.nice = -5;
  request.held = true;
  common.requeue = false;
  common.has_initial_step = true;
  common.initial_step = step_request();
  return request;
}

/// With all that says what it waits for, and what happens at its end.
JobRequest waiting_request() {
  JobRequest request = job_request();
  JobTerms& terms = request.terms.edit();
  terms.dependency = parse_dependency("afterok:7:8_3+10,singleton").value();
  terms.keep_when_never = true;
  terms.deadline = at + minutes(90);
  terms.past = {{JobId(7), {}, Instant{5}, Instant{6}, JobState::completed},
                {JobId(8), 3, Instant{}, Instant{6}, JobState::cancelled}};
  request.common.edit().early_signal = {10, seconds(60), true};
  request.common.edit().retry = {3, {{1, 1}, {75, 80}}};
  return request;
}

/// With more of what is known of jobs that left memory.
JobRequest knowing_request() {
  JobRequest request = waiting_request();
  std::vector<PastJob>& past = request.terms.edit().past;
  past.push_back({JobId(9), {}, Instant{5}, Instant{6}, JobState::failed, 4, 9});
  past.back().why = "dependency cannot come true: afterok:3: job 3 ended FAILED";
  return request;
}

/// With all that it asks of labels, and of the cluster.
JobRequest wishing_request() {
  JobRequest request = job_request();
  JobWishes& wishes = request.common.edit().wishes.edit();
  wishes.constraint = Constraint::parse("[rack=a|rack=b]&gpu*2&!old").value();
  wishes.prefer = "fast";
  wishes.licenses = parse_licenses("matlab:2,ansys").value();
  request.common.edit().components.front().exclusive = false;
  request.common.edit().components.front().exclusive_user = true;
  return request;
}

/// With a limit of switches that has been waited for.
JobRequest patient_request() {
  JobRequest request = wishing_request();
  request.common.edit().wishes.edit().switches = {2, minutes(5), true};
  return request;
}

Allocation allocation() {
  NodeShare share;
  share.node = node;
  share.cores = Bitset(8);
  share.cores.set(1);
  share.cores.set(6);
  share.memory_mib = {1024, 512};
  share.devices = Bitset(2);
  share.devices.set(1);
  share.pools = {5};
  share.tasks = 2;
  return {{share}};
}

Settings settings() {
  Settings made;
  made.cluster = "alpha";
  made.auth = "munge";
  made.select = "linear";
  made.priority = "fifo";
  made.lost_after = minutes(7);
  made.silent_after = seconds(9);
  made.kill_wait = seconds(11);
  made.partitions = {{"batch", "n[1-4]", true, minutes(60), minutes(600), 4, 2, true, true}};
  return made;
}

/// With everything that the configuration may say of accounts, nodes and people.
Settings complete(Settings made) {
  made.backfill = "conservative";
  made.reservations = 7;
  made.priority_terms = {1, 2, 3, 4, 5, minutes(6), minutes(7), seconds(8)};
  made.accounts = {{"physics", "root", 30, {{"ada", 2}, {"max", 1}}}};
  made.qos = {{"urgent", 100}};
  made.nodes = {{"n[1-4]", {{"rack", "a"}, {"fast", ""}}, {96, 393'216, 4}}};
  made.switches = {{"leaf1", "n[1-4]", ""}, {"top", "", "leaf1"}};
  made.administrators = {{"eve", 1002}};
  made.operators = {{"ada", 1001}, {"1003", 1003}};
  made.readers = {{"guest", uid_nobody}};
  made.partitions[0].select = "rack=a & !old";
  made.partitions[0].weight = 100;
  return made;
}

NodeClass node_class() {
  NodeClass made;
  made.hash = hash(4);
  made.cores = {{0, 0, 0, 2}, {1, 1, 1, 2}};
  made.numa_nodes = 2;
  made.packages = 2;
  Bitset near(2);
  near.set(1);
  made.devices = {{"gpu", "a100", 1, near}};
  return made;
}

constexpr Usage usage{1'000'001, 2'000'002, 3'000'003};

template <class... Fields>
auto tie(const Fields&... fields) {
  return std::tie(fields...);
}

auto fields(const core::EpochStarted& f) {
  return tie(f.epoch, f.at);
}

auto fields(const core::SettingsApplied& f) {
  return tie(f.at, f.settings, f.revision, f.by, f.who, f.why);
}

auto fields(const core::JobSubmitted& f) {
  return tie(f.job, f.key, f.at, f.request);
}

auto fields(const core::ElementSplit& f) {
  return tie(f.job, f.at, f.array, f.index);
}

auto fields(const core::ElementsCancelled& f) {
  return tie(f.job, f.at, f.elements, f.by, f.why, f.by_controller);
}

auto fields(const core::JobHeld& f) {
  return tie(f.job, f.at, f.hold, f.why);
}

auto fields(const core::JobUnheld& f) {
  return tie(f.job, f.at);
}

auto fields(const core::JobUpdated& f) {
  return tie(f.job, f.at, f.request, f.by);
}

auto fields(const core::JobStarted& f) {
  return tie(f.job, f.attempt, f.at, f.allocation, f.partition, f.awaits_program, f.owes_epilog);
}

auto fields(const core::JobReleased& f) {
  return tie(f.job, f.attempt, f.at);
}

auto fields(const core::StartUndone& f) {
  return tie(f.job, f.attempt, f.at, f.why);
}

auto fields(const core::JobEnding& f) {
  return tie(f.job, f.attempt, f.at, f.cause, f.by, f.why);
}

auto fields(const core::NodeFreed& f) {
  return tie(f.job, f.attempt, f.node, f.at, f.usage);
}

auto fields(const core::JobRequeued& f) {
  return tie(f.job, f.attempt, f.at, f.why);
}

auto fields(const core::JobEnded& f) {
  return tie(f.job, f.attempt, f.at, f.state, f.exit_code, f.signal, f.usage, f.why, f.by);
}

auto fields(const core::StepStarted& f) {
  return tie(f.job, f.attempt, f.step, f.at, f.request, f.shares, f.key);
}

auto fields(const core::StepQueued& f) {
  return tie(f.job, f.attempt, f.step, f.at, f.request, f.key);
}

auto fields(const core::StepReleased& f) {
  return tie(f.job, f.attempt, f.step, f.at);
}

auto fields(const core::StepEnded& f) {
  return tie(f.job, f.attempt, f.step, f.at, f.result);
}

auto fields(const core::ClassLearned& f) {
  return tie(f.id, f.node_class);
}

auto fields(const core::NodeRegistered& f) {
  return tie(f.node, f.at, f.node_class, f.name, f.boot_id, f.address, f.containment, f.version,
             f.memory_mib, f.pools, f.is_thissystem, f.shares_machine);
}

auto fields(const core::NodeLost& f) {
  return tie(f.node, f.at, f.why);
}

auto fields(const core::NodeSetAside& f) {
  return tie(f.node, f.at, f.aside, f.why, f.by, f.who);
}

auto fields(const core::JobsForgotten& f) {
  return tie(f.at, f.jobs);
}

auto fields(const core::JobQuarantined& f) {
  return tie(f.job, f.at, f.sequence, f.why, f.attempt, f.aside);
}

auto fields(const core::RecordLost& f) {
  return tie(f.at, f.sequence, f.why, f.records);
}

auto fields(const core::PartitionTakenDown& f) {
  return tie(f.partition, f.at, f.why, f.by, f.who);
}

auto fields(const core::UsageCharged& f) {
  return tie(f.at);
}

auto fields(const core::PartitionBroughtUp& f) {
  return tie(f.partition, f.at, f.by, f.why, f.who);
}

auto fields(const core::NodeResumed& f) {
  return tie(f.node, f.at, f.by, f.why, f.who);
}

auto fields(const core::NodeBackedOff& f) {
  return tie(f.node, f.at, f.job, f.score, f.until, f.why);
}

auto fields(const core::NodeTriedAgain& f) {
  return tie(f.node, f.at);
}

auto fields(const core::NodeStuck& f) {
  return tie(f.node, f.at, f.job, f.attempt, f.processes, f.why);
}

auto fields(const core::StartCleared& f) {
  return tie(f.job, f.attempt, f.at);
}

auto fields(const core::EpilogEnded& f) {
  return tie(f.job, f.attempt, f.at, f.why);
}

auto fields(const core::NodeRebootAsked& f) {
  return tie(f.node, f.at, f.asap, f.why, f.by, f.who);
}

auto fields(const core::NodeRebootBegun& f) {
  return tie(f.node, f.at);
}

auto fields(const core::TokenUsed& f) {
  return tie(f.token, f.at, f.until, f.host);
}

auto fields(const core::JobSuspended& f) {
  return tie(f.job, f.attempt, f.at, f.by, f.who);
}

auto fields(const core::JobResumed& f) {
  return tie(f.job, f.attempt, f.at, f.by, f.who);
}

auto fields(const core::RowChanged& f) {
  return tie(f.job, f.attempt, f.at, f.row);
}

auto fields(const core::RowTurned& f) {
  return tie(f.partition, f.at, f.row);
}

auto fields(const core::NodeUnstuck& f) {
  return tie(f.node, f.at, f.job, f.attempt);
}

}  // namespace

/// An allocation that ends with the command which asked for it.
JobRequest attended_request() {
  JobRequest request = job_request();
  request.common.edit().has_initial_step = false;
  request.common.edit().initial_step = StepRequest{};
  request.common.edit().ends_with_client = true;
  return request;
}

/// An allocation whose steps have a binding of their own.
JobRequest binding_request() {
  JobRequest request = attended_request();
  request.common.edit().bind = {BindKind::gpu, {}};
  request.common.edit().distribution = {DistributionKind::cyclic, 0};
  return request;
}

std::vector<core::StepShare> exact_shares() {
  NodeShare part = allocation().nodes.front();
  part.node = node;
  part.memory_mib = {1024, 0};
  return {{node, 8, 16, part}};
}

std::vector<core::Fact> fact_samples() {
  const StepResult result{EndCause::bad_exit, 3, 9, 2, usage, "task 4 failed"};
  return {
      core::EpochStarted{Epoch(5), at},
      core::SettingsApplied{at, settings()},
      core::JobSubmitted{sampled, {{0xFFFF'FFFF'FFFF'FFFFU, 2}}, at, job_request()},
      core::JobHeld{sampled, at, Hold::by_system, "started and failed too often"},
      core::JobUnheld{sampled, at},
      core::JobStarted{sampled, attempt, at, allocation()},
      core::JobReleased{sampled, attempt, at},
      core::StartUndone{sampled, attempt, at, "n1 could not prepare"},
      core::JobEnding{sampled, attempt, at, EndCause::client_gone, 1001, "its run was closed"},
      core::NodeFreed{sampled, attempt, node, at, usage},
      core::JobRequeued{sampled, attempt, at, "node lost"},
      core::JobEnded{sampled, attempt, at, JobState::node_fail, -1, 15, usage, "why \xff"},
      core::StepStarted{sampled, attempt, step, at, step_request(), {{node, 8, 16}}},
      core::StepReleased{sampled, attempt, step, at},
      core::StepEnded{sampled, attempt, step, at, result},
      core::ClassLearned{ClassId(2), node_class()},
      core::NodeRegistered{node,
                           at,
                           ClassId(2),
                           "n12",
                           "boot-1",
                           "10.0.0.12:7818",
                           "cgroup v2",
                           "0.1.0",
                           {65'536, 65'536},
                           {{"scratch", "ssd", 500}},
                           false},
      core::NodeLost{node, at, "silent for 5 minutes"},
      core::NodeSetAside{node, at, core::Aside::failed, "no space left", 0xFFFF'FFFEU},
      core::NodeResumed{node, at, 1001},
      core::NodeBackedOff{node, at, sampled, 2345, at + seconds(20), "no cgroup"},
      core::NodeTriedAgain{node, at},
      core::NodeStuck{node, at, sampled, attempt, 2, "pid 4711 (dd) in state D"},
      core::NodeUnstuck{node, at, sampled, attempt},
      core::JobsForgotten{at, {JobId(1), sampled, JobId(0x1'0000'0000'0001)}},
      core::JobQuarantined{sampled, at, 4711, "it fails its checksum", attempt, {"\x01\xff", ""}},
      core::RecordLost{at, 0x1'0000'0000'0002, "it is missing"},
      core::PartitionTakenDown{"debug", at, "new switch", 1001, "ada"},
      core::PartitionBroughtUp{"debug", at, 0xFFFF'FFFEU},
      core::ElementSplit{JobId(sampled.value + 9), at, sampled, 3'999'999},
      core::ElementsCancelled{sampled, at, {{{0, 8, 2}, {11, 99, 1}}, 0}, 1001, "cancelled by ada"},
      core::UsageCharged{at},
      core::JobUpdated{sampled, at, waiting_request(), 1001},
      core::StartCleared{sampled, attempt, at},
      core::EpilogEnded{sampled, attempt, at, "controller_epilog /etc/epilog: exit status 1"},
      core::NodeRebootAsked{node, at, true, "new kernel", 1001, "ada"},
      core::NodeRebootBegun{node, at},
      core::TokenUsed{"open \xff", at, at + minutes(60), "n7"},
      core::StepQueued{sampled, attempt, step, at, exact_request(), {{5, 6}}},
      core::JobSuspended{sampled, attempt, at, 1001},
      core::JobResumed{sampled, attempt, at, 1002},
      core::RowChanged{sampled, attempt, at, 2},
      core::RowTurned{"gang", at, 3},
  };
}

Settings with_programs(Settings settings) {
  settings.programs = {"/prolog",     "/epilog",  "/health", seconds(1), seconds(2),
                       seconds(3),    seconds(4), "/reboot", seconds(5), "/ctl-prolog",
                       "/ctl-epilog", seconds(6), seconds(7)};
  return settings;
}

std::vector<NewerSample> newer_fact_samples() {
  Settings fenced = settings();
  fenced.back_off = seconds(13);
  fenced.fence_self = true;
  Settings remembering = fenced;
  remembering.history_keep = minutes(3);
  remembering.history_jobs = 5;
  Settings limited = remembering;
  limited.jobs_per_user = 7;
  const Settings programmed = with_programs(complete(limited));
  Settings wider = programmed;
  wider.fan_out = 16;
  Settings sliced = wider;
  sliced.partitions.back().rows = 3;
  sliced.partitions.back().slice = seconds(12);
  Settings licensed = sliced;
  licensed.licenses = {{"matlab", 10}, {"ansys", 0}};
  Allocation in_row = allocation();
  in_row.row = 2;
  const ClientKey key{{0xFFFF'FFFF'FFFF'FFFEU, 3}};
  const JobState cancelled = JobState::cancelled;
  JobRequest array = job_request();
  array.common.edit().array = {{{0, 98, 2}, {101, 101, 1}}, 8};
  return {
      {2, core::JobSubmitted{sampled, {{0xFFFF'FFFF'FFFF'FFFFU, 2}}, at, array}},
      {3, core::JobSubmitted{sampled, {{0xFFFF'FFFF'FFFF'FFFFU, 2}}, at, waiting_request()}},
      {4, core::JobSubmitted{sampled, {{0xFFFF'FFFF'FFFF'FFFFU, 2}}, at, attended_request()}},
      {2, core::ElementsCancelled{sampled, at, {{{0, 8, 2}}, 0}, 0, "never", true}},
      {4, core::JobEnded{sampled, attempt, at, JobState::deadline, 0, 0, {}, "late"}},
      {2, core::SettingsApplied{at, fenced}},
      {3, core::SettingsApplied{at, remembering}},
      {4, core::SettingsApplied{at, limited}},
      {5, core::SettingsApplied{at, complete(limited), 7, 1001, "ada", "more for physics"}},
      {2, core::NodeSetAside{node, at, core::Aside::drained, "new fan", 1001, "ada"}},
      {2, core::JobEnded{sampled, attempt, at, cancelled, 0, 0, {}, "cancelled", 0}},
      {3, core::JobEnded{sampled, attempt, at, cancelled, 0, 0, {}, "cancelled", 1001}},
      {2, core::JobStarted{sampled, attempt, at, allocation(), "long"}},
      {3, core::JobStarted{sampled, attempt, at, allocation(), "long", true, true}},
      {3, core::NodeSetAside{node, at, core::Aside::unhealthy, "disk is full", 0}},
      {6, core::SettingsApplied{at, programmed}},
      {7, core::SettingsApplied{at, wider}},
      {2, core::NodeResumed{node, at, 1001, "fan is new", "ada"}},
      {2, core::JobSuspended{sampled, attempt, at, 1001, "ada"}},
      {2, core::JobResumed{sampled, attempt, at, 1002, "max"}},
      {2, core::PartitionBroughtUp{"debug", at, 1001, "switch is new", "ada"}},
      {2, core::StepStarted{sampled, attempt, step, at, step_request(), {{node, 8, 16}}, key}},
      {3, core::StepStarted{sampled, attempt, step, at, exact_request(), exact_shares(), key}},
      {4, core::StepStarted{sampled, attempt, step, at, bound_request(), exact_shares(), key}},
      {2, core::StepQueued{sampled, attempt, step, at, bound_request(), {{5, 6}}}},
      {8, core::SettingsApplied{at, sliced}},
      {4, core::JobStarted{sampled, attempt, at, in_row, "gang"}},
      {2, core::RecordLost{at, 0x1'0000'0000'0002, "it is missing", 0x1'0000'0003}},
      {5, core::JobSubmitted{sampled, {{0xFFFF'FFFF'FFFF'FFFFU, 2}}, at, binding_request()}},
      {6, core::JobSubmitted{sampled, {{0xFFFF'FFFF'FFFF'FFFFU, 2}}, at, knowing_request()}},
      {7, core::JobSubmitted{sampled, {{0xFFFF'FFFF'FFFF'FFFFU, 2}}, at, wishing_request()}},
      {8, core::JobSubmitted{sampled, {{0xFFFF'FFFF'FFFF'FFFFU, 2}}, at, patient_request()}},
      {9, core::SettingsApplied{at, licensed}},
      {2, core::NodeRegistered{node,
                               at,
                               ClassId(2),
                               "n12",
                               "boot-1",
                               "10.0.0.12:7818",
                               "cgroup v2",
                               "0.1.0",
                               {65'536, 65'536},
                               {{"scratch", "ssd", 500}},
                               true,
                               true}},
  };
}

bool same_fact(const core::Fact& a, const core::Fact& b) {
  return a.index() == b.index() && std::visit(
                                       [&b](const auto& one) {
                                         using Kind = std::decay_t<decltype(one)>;
                                         return fields(one) == fields(std::get<Kind>(b));
                                       },
                                       a);
}

}  // namespace cox::ctld
