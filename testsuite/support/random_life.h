// A cluster under random requests, honest and wrong ones, from one seed: the same seed gives the
// same life. Properties of the core are checked while it runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "testsuite/support/cluster.h"
#include "testsuite/support/dice.h"

namespace cox::testing {

class RandomLife {
 public:
  /// `policy`: a kind of backfill, then perhaps " shares": priorities with fair shares of users; or
  /// " turns": jobs are suspended, and take turns in the partition "small" now and then; or
  /// " apart": partitions share no node; or
  /// " wishes": nodes have labels and the cluster licenses, which jobs ask for.
  explicit RandomLife(std::uint64_t seed, const std::string& policy = "none")
      : cluster(kind(), settings(policy)),
        dice(seed),
        policy_(policy),
        has_turns_(policy.ends_with(" turns")),
        has_wishes_(policy.ends_with(" wishes")) {}

  /// One random event, then a pass.
  void event() {
    switch (dice.roll(21)) {
      case 0:
      case 1:
      case 2:
      case 3:
        static_cast<void>(cluster.submit(random_job(), ++submits_));
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
      case 9:
        answer_some();
        break;
      case 10:
      case 11:
        report();
        break;
      case 12:
      case 13:
        control();
        break;
      case 14:
        fail_prepare();
        break;
      case 15:
        connection();
        break;
      case 16:
        cluster.advance(seconds(dice.roll(30) == 0 ? 400 : (dice.chance(30) ? 40 : 3)));
        if (dice.chance(90)) cluster.heartbeat_all();
        cluster.ask(core::CheckTime{});
        break;
      case 17:
        node_control();
        break;
      case 18:
        configuration();
        break;
      default:
        steps();
        break;
    }
    if (has_turns_ && turn_dice_.chance(10)) stand_still();
    cluster.schedule();
    if (++events_ % 7 == 0 && forgets) forget_some();
  }

  static constexpr unsigned nodes = 4;
  bool forgets = true;  // ended jobs leave State now and then

  Cluster cluster;
  Dice dice;

 private:
  static FleetBuilder kind() {
    return fleet().nodes(nodes).cores(4).numa(2).devices("gpu", 2).pool("scratch", 100);
  }

  static Settings settings(const std::string& policy) {
    Settings s;
    s.backfill = policy.substr(0, policy.find(' '));
    s.priority = "fifo";
    if (policy.ends_with(" shares")) {
      s.priority = "multifactor";
      s.priority_terms.half_life = s.priority_terms.max_age = minutes(1);
      s.priority_terms.charge_period = seconds(2);
      s.accounts = {{"physics", "root", 2, {{"ada", 3}}}};
    }
    if (policy.ends_with(" wishes")) {
      s.nodes = {{"n0", {{"rack", "a"}, {"fat", ""}}, {}},
                 {"n1", {{"rack", "a"}}, {}},
                 {"n2", {{"rack", "b"}, {"fat", ""}}, {}},
                 {"n3", {{"rack", "b"}}, {}}};
      s.licenses = {{"matlab", 3}, {"ansys", 1}};
    }
    s.partitions = {PartitionSettings{}, PartitionSettings{}};
    s.partitions[1].name = "small";
    s.partitions[1].nodes = "n[2-3]";
    s.partitions[1].is_default = false;
    s.partitions[1].tier = 2;
    if (policy.ends_with(" apart")) s.partitions[0].nodes = "n[0-1]";
    return s;
  }

  JobBuilder random_job() {
    JobBuilder one = job();
    if (policy_.ends_with(" shares") && dice.chance(50)) one = one.uid(1001 + dice.small(3));
    if (dice.chance(30)) one = one.running_a_step();
    if (dice.chance(10)) one = one.no_requeue();
    if (dice.chance(10)) one = one.held();
    if (dice.chance(20)) one = one.nice(static_cast<std::int32_t>(dice.roll(3)));
    if (dice.chance(10)) one = one.begin(cluster.now + seconds(4));
    if (dice.chance(20)) one = one.exclusive();
    if (dice.chance(20)) one = one.devices("gpu", 1 + dice.small(3));
    if (dice.chance(10)) one = one.devices("scratch", 60);
    if (dice.chance(20)) one = one.partitions({"small"});
    if (dice.chance(10)) one = one.partitions({"small", "batch"});
    if (dice.chance(10)) one = one.not_on({"n0", "n2"});
    if (dice.chance(20)) one = one.memory_mib(500 + 1000 * static_cast<std::int64_t>(dice.roll(5)));
    one = one.minutes(1 + 2 * dice.small(9));
    if (dice.chance(10)) one = one.unlimited();
    one = one.nodes(1 + dice.small(nodes + 1)).cpus(dice.small(4));
    if (dice.chance(50)) one = one.nodes(1, nodes).tasks(1 + dice.small(18));
    constexpr std::array arrays{"0-3", "5", "0-8:2%2", "1,3-4,7%1"};
    const bool is_batch = one.build().common->kind == JobKind::batch;
    if (is_batch && dice.chance(25)) one = one.array(arrays[dice.roll(arrays.size())]);
    if (is_batch && dice.chance(10)) one = one.retry(2, {{1, 3}});
    if (dice.chance(8)) one = one.deadline(cluster.now + minutes(10) + seconds(dice.small(9)));
    if (dice.chance(40)) one = depending(one);
    return has_wishes_ ? wishing(one) : one;
  }

  /// For nodes with labels, and licenses, by dice of its own.
  JobBuilder wishing(JobBuilder one) {
    constexpr std::array constraints{"fat",
                                     "rack=b|fat",
                                     "[rack=a|rack=b]",
                                     "fat*1&rack=b*1",
                                     "fat*2&rack*1",
                                     "[rack=a|rack=b]&fat*1",
                                     "rack=a*2",
                                     "!fat"};
    constexpr std::array licenses{"matlab", "matlab:2", "ansys", "ansys,matlab:2", "matlab:3"};
    if (wish_dice_.chance(40)) one = one.constraint(constraints[wish_dice_.roll(8)]);
    if (wish_dice_.chance(20)) one = one.prefer(wish_dice_.chance(50) ? "rack=b" : "fat");
    if (wish_dice_.chance(40)) one = one.uid(1001 + wish_dice_.small(2));
    if (wish_dice_.chance(25)) one = one.exclusive_user();
    if (wish_dice_.chance(50)) one = one.licenses(licenses[wish_dice_.roll(5)]);
    return one;
  }

  /// On one or two of the latest jobs, or elements of them.
  JobBuilder depending(JobBuilder one) {
    constexpr std::array kinds{"after", "afterany", "afterok", "afternotok", "aftercorr"};
    const std::uint64_t next = cluster.state.record.next_job.value;
    std::string text;
    for (std::uint64_t n = 1 + dice.roll(2); n > 0; --n) {
      const JobId id{next - std::min<std::uint64_t>(next - 1, 1 + dice.roll(6))};
      if (cluster.state.find_job(id) == nullptr) continue;
      if (!text.empty()) text += dice.chance(50) ? "," : ":";
      const bool begins = text.empty() || text.back() == ',';
      if (begins) text += std::string(kinds[dice.roll(kinds.size())]) + ":";
      text += std::to_string(id.value);
      const ArraySpec& array = cluster.job(id).request.common->array;
      const bool has_elements = !array.empty() && cluster.job(id).array == JobId{};
      if (has_elements && dice.chance(40)) text += "_" + std::to_string(array.first());
      if (dice.chance(10)) text += "+1";
    }
    if (dice.chance(10)) text += text.empty() ? "singleton" : ",singleton";
    if (text.empty()) return one;
    if (dice.chance(20)) std::ranges::replace(text, ',', '?');
    one = one.after(text);
    return dice.chance(10) ? one.keeping() : one;
  }

  core::JobChanges some_changes() {
    core::JobChanges changes;
    if (has_wishes_ && wish_dice_.chance(20)) {
      const JobRequest wished = wishing(job()).build();
      changes.constraint = wished.common->wishes->constraint;
      changes.licenses = wished.common->wishes->licenses;
      return changes;
    }
    switch (dice.roll(12)) {
      case 7:
      case 8:
      case 9:
      case 10:
        changes.comment = dice.chance(50) ? "a" : "b";
        break;
      case 0:
        changes.partitions = std::vector<std::string>{dice.chance(50) ? "small" : "batch"};
        break;
      case 1:
        changes.cpus_per_task = 1 + dice.small(2);
        break;
      case 2:
        changes.dependency = depending(job()).build().terms->dependency;
        break;
      case 3:
        changes.time_limit = minutes(1 + dice.small(20));
        break;
      case 4:
        changes.begin = cluster.now + seconds(dice.small(9));
        break;
      case 5:
        changes.held = dice.chance(50);
        break;
      default:
        changes.name = dice.chance(50) ? "a" : "b";
        break;
    }
    return changes;
  }

  /// Some job that has not ended.
  const core::Job* some_job() {
    const auto& unended = cluster.state.index.unended;
    if (unended.empty()) return nullptr;
    auto found = unended.begin();
    std::advance(found, static_cast<std::ptrdiff_t>(dice.roll(unended.size())));
    return cluster.state.find_job(*found);
  }

  /// Some elements of the job's array, now and then one that it does not have; mostly none.
  ArraySpec some_elements(const core::Job& job) {
    if (job.request.common->array.empty() || dice.chance(40)) return {};
    constexpr std::array some{"0", "2", "3-5", "0-9", "1,3"};
    const ArraySpec wanted = parse_array(some[dice.roll(some.size())]).value();
    if (dice.chance(10)) return wanted;
    ArraySpec elements = common_elements(wanted, job.request.common->array);
    elements.at_once_max = 0;
    return elements;
  }

  NodeId some_node() { return NodeId{dice.small(nodes)}; }

  /// Some node of its allocation; node 0 when it has none.
  NodeId node_of(const core::Job& job) {
    if (job.run->allocation.nodes.empty()) return NodeId{0};
    return job.run->allocation.nodes[dice.roll(job.run->allocation.nodes.size())].node;
  }

  /// Programs of the controller's host end, mostly well.
  void end_errands() {
    for (const core::Errand& errand : std::exchange(cluster.errands, {})) {
      if (errand.kind == core::Errand::Kind::end_prolog) continue;
      core::ReportProgram report{errand.job, errand.attempt};
      report.is_epilog = errand.kind == core::Errand::Kind::epilog;
      if (dice.chance(10)) report.failure = "exit status 1";
      if (dice.chance(80)) {
        cluster.ask(report);
      } else {
        cluster.errands.push_back(errand);
      }
    }
  }

  /// Nodes answer part of what they got; some of it is lost.
  void answer_some() {
    end_errands();
    for (std::uint64_t n = dice.roll(6); n > 0 && !cluster.sent.empty(); --n) {
      if (dice.chance(3)) {
        cluster.sent.pop_front();
      } else {
        cluster.answer_next();
      }
    }
  }

  void report() {
    const core::Job* job = some_job();
    if (job == nullptr) return;
    const NodeId node = node_of(*job);
    if (dice.chance(15)) {
      const std::string why = dice.chance(50) ? "pid 7" : "pid 8";
      cluster.ask(core::ReportStuck{node, cluster.session(node), job->id, job->attempt, 1, why});
    } else if (dice.chance(70)) {
      cluster.batch_ended(node, job->id, static_cast<std::int32_t>(dice.roll(2)));
    } else if (dice.chance(50)) {
      cluster.closed(node, job->id);
    } else {
      cluster.prepared(node, job->id);
    }
  }

  void control() {
    const core::Job* job = some_job();
    if (job == nullptr) return;
    const Caller caller = dice.chance(70) ? ada() : an_operator();
    const JobId id = job->array != JobId{} && dice.chance(50) ? job->array : job->id;
    const ArraySpec elements = some_elements(*job);
    switch (dice.roll(7)) {
      case 0:
        cluster.ask(core::CancelJob{caller, id, elements});
        break;
      case 4:
      case 5:
      case 6:
        cluster.ask(core::UpdateJob{caller, id, some_changes(), elements});
        break;
      case 1:
        cluster.ask(core::RequeueJob{caller, id, elements, id.value % 3 == 0});
        break;
      case 2:
        cluster.ask(core::HoldJob{caller, id, elements});
        break;
      default:
        cluster.ask(core::ReleaseJob{caller, id, elements});
        break;
    }
  }

  /// An operator suspends a job or lets it go on, by dice of his own.
  void stand_still() {
    std::vector<JobId> running;
    for (const core::Job& job : cluster.state.record.jobs) {
      if (job.phase == JobPhase::running) running.push_back(job.id);
    }
    if (running.empty()) return;
    const JobId id = running[turn_dice_.roll(running.size())];
    if (turn_dice_.chance(50)) {
      cluster.ask(core::SuspendJob{an_operator(), id});
    } else {
      cluster.ask(core::ResumeJob{an_operator(), id});
    }
  }

  void fail_prepare() {
    const core::Job* job = some_job();
    if (job != nullptr) cluster.failed(node_of(*job), job->id, "no room", dice.chance(70));
  }

  /// What the node would report of its attempts, with now and then one forgotten.
  std::vector<core::HeldAttempt> held_on(NodeId node) {
    std::vector<core::HeldAttempt> held;
    for (const JobId id : cluster.state.index.jobs_on_node[node.value]) {
      if (dice.chance(20)) continue;
      const core::Job& job = cluster.job(id);
      core::HeldAttempt one{id, job.attempt, dice.chance(80), false, {}};
      for (const core::Step& step : job.run->steps) {
        if (dice.chance(10)) continue;
        const auto phase = static_cast<core::StepPhase>(dice.roll(4));
        one.steps.push_back(core::HeldStep{step.id, phase, "ep", StepResult{}});
      }
      held.push_back(one);
    }
    return held;
  }

  void connection() {
    const NodeId node = some_node();
    if (dice.chance(20)) {
      cluster.disconnect(node);
      return;
    }
    NodeInventory inventory = cluster.inventory(node);
    if (dice.chance(10)) {
      inventory.boot_id += "x";
      cluster.disconnect(node);
    }
    if (dice.chance(10)) cluster.restart_controller();
    cluster.connect(inventory, held_on(node));
    for (std::uint32_t i = 0; i < nodes; ++i) {
      if (!cluster.contact.is_connected(NodeId{i}) && dice.chance(70)) {
        cluster.connect(cluster.inventory(NodeId{i}), held_on(NodeId{i}));
      }
    }
  }

  void node_control() {
    const std::string name = "n" + std::to_string(dice.roll(nodes));
    if (dice.chance(30)) {
      cluster.ask(core::SetNodeAside{root(), name, dice.chance(50), "test"});
    } else if (dice.chance(20)) {
      cluster.ask(core::RebootNode{root(), name, dice.chance(50), "test"});
    } else {
      for (std::uint32_t i = 0; i < nodes; ++i) {
        cluster.ask(core::ResumeNode{root(), "n" + std::to_string(i)});
      }
    }
  }

  /// Partitions go down and up, and the configuration changes, mostly back to what it was.
  void configuration() {
    const std::string name = dice.chance(50) ? "small" : "batch";
    if (dice.chance(30)) {
      cluster.ask(core::TakePartitionDown{root(), name, "test"});
    } else if (dice.chance(60)) {
      cluster.ask(core::BringPartitionUp{root(), name});
    } else {
      Settings changed = settings(policy_);
      if (dice.chance(20)) changed.partitions.pop_back();
      if (dice.chance(20)) changed.partitions.back().max_time = minutes(1);
      if (dice.chance(20)) changed.partitions.back().max_nodes = 1;
      if (dice.chance(20)) changed.nodes = {{"n[0-2]", {}, {}}, {"n3", {}, {5, 0, 0}}};
      if (has_wishes_ && wish_dice_.chance(20)) changed.licenses.front().total = 2;
      if (has_turns_ && changed.partitions.size() == 2 && turn_dice_.chance(50)) {
        changed.partitions.back().whole_nodes = true;
        changed.partitions.back().rows = 2 + turn_dice_.small(2);
        changed.partitions.back().slice = seconds(1 + turn_dice_.small(5));
      }
      if (dice.chance(40)) {
        changed.programs.controller_prolog = changed.programs.controller_epilog = "/program";
        changed.programs.reboot = "/reboot";
      }
      cluster.ask(core::ApplySettings{root(), changed});
    }
  }

  /// What a controller whose history has everything does now and then.
  void forget_some() {
    core::ForgetJobs forget;
    for (const core::Job& job : cluster.state.record.jobs) {
      if (job.phase == JobPhase::ended && job.id.value % 2 == 0) forget.jobs.push_back(job.id);
    }
    if (!forget.jobs.empty()) cluster.ask(forget);
  }

  /// How a step shares its job with the others, by dice of its own.
  void shape(StepRequest* request) {
    request->sharing = static_cast<StepSharing>(step_dice_.roll(3));
    if (step_dice_.chance(30)) request->nodes = 1;
    if (step_dice_.chance(20)) request->cpus_per_task = 1 + step_dice_.small(2);
    if (step_dice_.chance(20)) request->memory_per_node_mib = step_dice_.small(1000);
    if (step_dice_.chance(10)) request->memory_per_cpu_mib = step_dice_.small(500);
    if (step_dice_.chance(10)) {
      request->nodes_wanted = {"n" + std::to_string(step_dice_.roll(nodes))};
    }
    if (bind_dice_.chance(20)) request->bind.kind = static_cast<BindKind>(bind_dice_.roll(8));
    if (bind_dice_.chance(20)) request->distribution.kind = DistributionKind::cyclic;
  }

  void steps() {
    const core::Job* job = some_job();
    if (job == nullptr) return;
    if (dice.chance(40)) {
      StepRequest request;
      request.argv = {"true"};
      request.tasks = dice.small(4);
      shape(&request);
      const ClientKey key{{dice.roll(3), 0}};  // now and then one that was there
      cluster.ask(core::CreateStep{ada(), job->id, request, key});
    } else if (!job->run->steps.empty()) {
      const core::Step& step = job->run->steps[dice.roll(job->run->steps.size())];
      const std::size_t place = dice.roll(std::max<std::size_t>(step.shares.size(), 1));
      StepResult result;
      result.cause = dice.chance(80) ? EndCause::finished : EndCause::supervisor_lost;
      const bool has_ended = dice.chance(70);
      if (step.shares.empty() || step_dice_.chance(10)) {
        cluster.ask(core::CancelStep{ada(), job->id, step.id});
        return;
      }
      const NodeId node = step.shares[place].node;
      const StepKey key{job->id, job->attempt, step.id};
      if (has_ended) {
        cluster.ask(core::ReportStepEnded{node, cluster.session(node), key, result});
      } else {
        cluster.ask(core::ReportStepPrepared{node, cluster.session(node), key, "", "no room"});
      }
    }
  }

  std::string policy_;
  Dice step_dice_{77};
  Dice turn_dice_{11};
  bool has_turns_ = false;
  bool has_wishes_ = false;
  Dice wish_dice_{79};
  Dice bind_dice_{78};
  std::uint64_t submits_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace cox::testing
