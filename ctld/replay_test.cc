// Restarts on journals that disks and versions have damaged: the rest is as it was, what is in
// doubt is put aside, and the next restart judges alike.
#include "ctld/replay.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/job/array.h"
#include "core/repair.h"
#include "ctld/store/fact_codec.h"
#include "ctld/store/record.h"
#include "plugins/priority/fifo/fifo.h"
#include "plugins/select/topology/topology.h"
#include "testsuite/support/random_life.h"

namespace cox::ctld {
namespace {

using testing::Cluster;
using testing::Dice;
using testing::fleet;
using testing::job;
using testing::RandomLife;

struct Kept {
  std::string bytes;
  bool is_whole = true;
};

std::vector<Kept> journal_of(const Cluster& cluster) {
  std::vector<Kept> journal;
  for (const core::Fact& fact : cluster.journal) encode_fact(fact, &journal.emplace_back().bytes);
  return journal;
}

/// Position of the first fact of a kind about a job.
template <class Fact>
std::size_t find_fact(const Cluster& cluster, JobId id) {
  for (std::size_t i = 0; i < cluster.journal.size(); ++i) {
    const auto* fact = std::get_if<Fact>(&cluster.journal[i]);
    if (fact != nullptr && fact->job == id) return i;
  }
  ADD_FAILURE() << "no such fact";
  return 0;
}

/// A controller's machine that is started on a journal, and what it adds to it.
class Restart {
 public:
  explicit Restart(std::vector<Kept>& journal) : machine_({&select_, &priority_}) {
    Replay replay(machine_);
    for (std::size_t i = 0; i < journal.size(); ++i) {
      replay.take({i + 1, Epoch(1), journal[i].bytes, journal[i].is_whole});
    }
    verdict_ = replay.result();
    machine_.start(Instant{2'000'000'000'000'000}, Duration{1});
    EXPECT_TRUE(machine_.ask(verdict_));
    keep(journal);
  }

  void ask(const core::Request& request, std::vector<Kept>& journal) {
    EXPECT_TRUE(machine_.ask(request));
    keep(journal);
  }

  const core::State& state() const { return machine_.state(); }

  const core::Job& job(JobId id) const { return *state().find_job(id); }

  const core::Quarantine& verdict() const { return verdict_; }

  void expect_consistent() const {
    RC_ASSERT(core::ledger_faults(state()).empty());
    RC_ASSERT(core::rebuild_index(state().record) == state().index);
  }

 private:
  void keep(std::vector<Kept>& journal) {
    const Batch batch = machine_.take_batch();
    EXPECT_TRUE(for_each_record(batch.records, [&](std::string_view bytes) -> Result<void> {
      journal.push_back({std::string(bytes), true});
      return {};
    }));
  }

  plugins::TopologySelect select_;
  plugins::FifoPriority priority_;
  Machine machine_;
  core::Quarantine verdict_;
};

RC_GTEST_PROP(Replay, survives_any_damage_and_judges_alike_the_next_time, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  RandomLife life(seed);
  for (int i = 0; i < 60; ++i) life.event();
  auto journal = journal_of(life.cluster);
  Dice dice(seed ^ 5U);
  for (std::uint64_t n = 1 + dice.roll(3); n > 0; --n) {
    Kept& victim = journal[dice.roll(journal.size())];
    victim.is_whole = false;
    if (dice.chance(50)) victim.bytes.clear();
  }
  Restart first(journal);
  first.expect_consistent();
  Restart second(journal);
  second.expect_consistent();
  RC_ASSERT(second.verdict().jobs.empty());
  RC_ASSERT(second.verdict().lost.empty());
  RC_ASSERT(second.state().record == first.state().record);
}

/// Also of an element that was forgotten since; 0 for a job that is none.
JobId array_of(const core::Facts& journal, JobId job) {
  for (const core::Fact& fact : journal) {
    const auto* split = std::get_if<core::ElementSplit>(&fact);
    if (split != nullptr && split->job == job) return split->array;
  }
  return JobId{};
}

RC_GTEST_PROP(Replay, damage_to_one_job_leaves_the_others_as_they_were, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  RandomLife life(seed);
  for (int i = 0; i < 60; ++i) life.event();
  auto journal = journal_of(life.cluster);
  Dice dice(seed ^ 9U);
  const std::size_t at = dice.roll(journal.size());
  const JobId hurt = job_of(life.cluster.journal[at]);
  RC_PRE(hurt != JobId{});
  journal[at].is_whole = false;
  Restart restart(journal);
  const bool was_known = restart.state().find_job(hurt) != nullptr;
  // A record after its end, of its epilog say, may be of a job that was forgotten then: undamaged,
  // that job is not known in the end either.
  const bool is_forgotten = life.cluster.state.find_job(hurt) == nullptr;
  RC_ASSERT(was_known || is_forgotten || !restart.verdict().lost.empty());
  // What others took after a share that was not seen to come free may not fit any more.
  for (const auto& one : restart.verdict().jobs) RC_PRE(one.job == hurt);
  const JobId array = array_of(life.cluster.journal, hurt);
  for (const core::Job& one : life.cluster.state.record.jobs) {
    // An array counts what became of its elements, and one may have begun by a record of nobody's.
    if (one.id == array || (core::is_array(one) && !restart.verdict().lost.empty())) continue;
    if (!one.request.terms.is_blank()) continue;  // what it waits for may never come now
    if (one.id != hurt) RC_ASSERT(restart.job(one.id) == one);
  }
}

TEST(Replay, a_job_whose_start_cannot_be_read_is_held_and_its_attempt_is_never_given_again) {
  Cluster cluster(fleet().nodes(1).cores(4));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  auto journal = journal_of(cluster);
  journal[find_fact<core::JobStarted>(cluster, id)].is_whole = false;
  Restart restart(journal);
  EXPECT_EQ(restart.job(id).phase, JobPhase::pending);
  EXPECT_EQ(restart.job(id).hold, Hold::by_system);
  EXPECT_EQ(restart.job(id).attempt, Attempt(1));
  EXPECT_EQ(restart.state().record.quarantined.at(id).aside.size(),
            restart.verdict().jobs[0].aside.size());
  EXPECT_GT(restart.verdict().jobs[0].aside.size(), 1U);  // its release, its step
  restart.ask(core::ReleaseJob{testing::root(), id}, journal);
  EXPECT_EQ(restart.job(id).hold, Hold::none);
  EXPECT_TRUE(restart.state().record.quarantined.empty());
  Restart next(journal);
  EXPECT_TRUE(next.verdict().jobs.empty());
  EXPECT_EQ(next.job(id).hold, Hold::none);
}

TEST(Replay, an_array_one_of_whose_elements_may_have_begun_is_put_aside) {
  Cluster cluster(fleet().nodes(1).cores(2));
  const JobId array = *cluster.submit(job().array("0-5"));
  const JobId other = *cluster.submit(job().array("0-5").held());
  cluster.schedule();
  const JobId first = cluster.state.find_members(array)->elements.at(0);
  const JobId second = cluster.state.find_members(array)->elements.at(1);
  auto journal = journal_of(cluster);
  journal[find_fact<core::ElementSplit>(cluster, second)].is_whole = false;
  Restart restart(journal);
  restart.expect_consistent();
  EXPECT_EQ(restart.job(array).hold, Hold::by_system) << "1_1 may run already";
  EXPECT_TRUE(core::remainder(restart.job(array)).contains(1));
  EXPECT_EQ(restart.job(first).phase, JobPhase::running);
  EXPECT_EQ(restart.job(second).request.name, "unreadable");
  EXPECT_EQ(restart.job(other).hold, Hold::by_user);
}

TEST(Replay, a_record_of_nobodys_may_have_begun_an_element_of_any_array) {
  Cluster cluster(fleet().nodes(1).cores(2));
  const JobId array = *cluster.submit(job().array("0-5"));
  cluster.schedule();
  const JobId second = cluster.state.find_members(array)->elements.at(1);
  auto journal = journal_of(cluster);
  auto& lost = journal[find_fact<core::ElementSplit>(cluster, second)];
  lost.is_whole = false;
  lost.bytes.clear();
  Restart restart(journal);
  restart.expect_consistent();
  EXPECT_EQ(restart.job(array).hold, Hold::by_system);
  EXPECT_EQ(restart.job(second).request.name, "unreadable");
}

TEST(Replay, a_running_job_keeps_its_resources_until_its_node_reports) {
  Cluster cluster(fleet().nodes(1).cores(4));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  cluster.answer_all();
  cluster.batch_ended(NodeId{0}, id);
  ASSERT_EQ(cluster.job(id).phase, JobPhase::ended);
  auto journal = journal_of(cluster);
  journal[find_fact<core::StepEnded>(cluster, id)].is_whole = false;
  Restart restart(journal);
  EXPECT_EQ(restart.job(id).phase, JobPhase::running);
  EXPECT_EQ(restart.state().index.jobs_on_node[0], std::vector<JobId>{id});
  // The node has nothing of it any more; it is not run again unless an operator says so.
  restart.ask(core::RegisterNode{Session(1), cluster.inventory(NodeId{0}), {}}, journal);
  EXPECT_TRUE(restart.state().index.jobs_on_node[0].empty());
  EXPECT_EQ(restart.job(id).phase, JobPhase::pending);
  EXPECT_EQ(restart.job(id).hold, Hold::by_system);
  EXPECT_GE(restart.job(id).attempt, Attempt(2));
}

TEST(Replay, the_id_of_a_submit_that_cannot_be_read_is_given_to_nobody) {
  Cluster cluster(fleet().nodes(1).cores(4));
  const JobId first = *cluster.submit(job());
  const JobId second = *cluster.submit(job());
  for (const JobId hurt : {first, second}) {
    auto journal = journal_of(cluster);
    journal[find_fact<core::JobSubmitted>(cluster, hurt)] = {"", false};
    Restart restart(journal);
    EXPECT_GT(restart.state().record.next_job, second) << hurt.value;
  }
  auto journal = journal_of(cluster);
  journal[find_fact<core::JobSubmitted>(cluster, first)] = {"", false};
  Restart restart(journal);
  ASSERT_EQ(restart.verdict().jobs.size(), 1U);
  EXPECT_EQ(restart.verdict().jobs[0].job, first);
  EXPECT_EQ(restart.job(first).phase, JobPhase::ended);
  EXPECT_EQ(restart.job(second).hold, Hold::none);
}

TEST(Replay, a_fact_that_breaks_an_assertion_puts_its_job_aside_and_changes_nothing) {
  Cluster cluster(fleet().nodes(2).cores(4));
  const JobId id = *cluster.submit(job());
  const JobId other = *cluster.submit(job());
  cluster.schedule();
  auto journal = journal_of(cluster);
  // A start on the other node that nothing led to, as a faulty version might have written it: its
  // second share is taken when the first is already.
  core::JobStarted twice{id, Attempt(2), cluster.now, cluster.job(id).run->allocation};
  Kept& record = journal.emplace_back();
  encode_fact(twice, &record.bytes);
  Restart restart(journal);
  restart.expect_consistent();
  ASSERT_EQ(restart.verdict().jobs.size(), 1U);
  EXPECT_EQ(restart.verdict().jobs[0].job, id);
  EXPECT_EQ(restart.verdict().jobs[0].attempt, Attempt(2));
  EXPECT_EQ(restart.job(other).phase, cluster.job(other).phase);
}

/// The journal of a cluster whose job ended, and was forgotten.
std::vector<Kept> journal_with_forgotten(const Cluster& cluster, JobId id) {
  auto journal = journal_of(cluster);
  encode_fact(core::JobsForgotten{cluster.now, {id}}, &journal.emplace_back().bytes);
  return journal;
}

TEST(Replay, a_job_that_was_forgotten_since_is_not_put_aside_when_its_submit_cannot_be_read) {
  Cluster cluster(fleet().nodes(1).cores(4));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  cluster.answer_all();
  cluster.batch_ended(NodeId{0}, id);
  auto journal = journal_with_forgotten(cluster, id);
  journal[find_fact<core::JobSubmitted>(cluster, id)].is_whole = false;
  Restart restart(journal);
  EXPECT_TRUE(restart.verdict().jobs.empty());
  EXPECT_EQ(restart.state().find_job(id), nullptr);
}

TEST(Replay, a_job_whose_end_is_lost_is_held_although_it_was_forgotten_since) {
  Cluster cluster(fleet().nodes(1).cores(4));
  const JobId id = *cluster.submit(job());
  const JobId other = *cluster.submit(job());
  cluster.schedule();
  cluster.answer_all();
  cluster.batch_ended(NodeId{0}, id);
  cluster.batch_ended(NodeId{0}, other);
  auto journal = journal_of(cluster);
  encode_fact(core::JobsForgotten{cluster.now, {other, id}}, &journal.emplace_back().bytes);
  journal[find_fact<core::JobEnded>(cluster, id)] = {"", false};
  Restart restart(journal);
  restart.expect_consistent();
  ASSERT_EQ(restart.verdict().jobs.size(), 1U);
  EXPECT_EQ(restart.verdict().jobs[0].job, id);
  EXPECT_EQ(restart.state().find_job(other), nullptr);
  restart.ask(core::RegisterNode{Session(1), cluster.inventory(NodeId{0}), {}}, journal);
  EXPECT_NE(restart.job(id).phase, JobPhase::running);
  EXPECT_TRUE(restart.state().record.quarantined.contains(id) ||
              restart.job(id).phase == JobPhase::ended);
  Restart next(journal);
  EXPECT_TRUE(next.verdict().jobs.empty());
  EXPECT_TRUE(next.state().record == restart.state().record);
}

TEST(Replay, what_a_node_says_of_a_forgotten_job_is_about_the_node) {
  Cluster cluster(fleet().nodes(1).cores(4));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  cluster.answer_all();
  cluster.batch_ended(NodeId{0}, id);
  auto journal = journal_with_forgotten(cluster, id);
  const core::NodeStuck stuck{NodeId{0}, cluster.now, id, Attempt(1), 1, "pid 7"};
  encode_fact(stuck, &journal.emplace_back().bytes);
  Restart restart(journal);
  EXPECT_TRUE(restart.verdict().jobs.empty());
  EXPECT_EQ(restart.state().find_job(id), nullptr);
  EXPECT_EQ(restart.state().record.nodes[0].stuck.size(), 1U);
}

TEST(Replay, a_quarantined_job_that_is_cancelled_leaves_quarantine) {
  Cluster cluster(fleet().nodes(1).cores(4));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  auto journal = journal_of(cluster);
  journal[find_fact<core::JobStarted>(cluster, id)].is_whole = false;
  Restart restart(journal);
  ASSERT_EQ(restart.state().record.quarantined.size(), 1U);
  restart.ask(core::CancelJob{testing::root(), id}, journal);
  EXPECT_EQ(restart.job(id).phase, JobPhase::ended);
  EXPECT_TRUE(restart.state().record.quarantined.empty());
  Restart next(journal);
  EXPECT_TRUE(next.state().record == restart.state().record);
}

TEST(Replay, an_epoch_that_was_used_is_not_used_again_although_its_fact_is_lost) {
  Cluster cluster(fleet().nodes(1));
  auto journal = journal_of(cluster);
  plugins::TopologySelect select;
  plugins::FifoPriority priority;
  Machine machine({&select, &priority});
  Replay replay(machine);
  replay.take({1, Epoch(7), {}, false});
  EXPECT_EQ(machine.state().record.epoch, Epoch(7));
}

}  // namespace
}  // namespace cox::ctld
