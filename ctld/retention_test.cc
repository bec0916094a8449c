// Ended jobs leave memory when they may, and not a moment earlier; their contents go with them.
#include "ctld/retention.h"

#include <gtest/gtest.h>

#include "ctld/blob_counts.h"
#include "ctld/fake_world.h"
#include "testsuite/support/random_life.h"

namespace cox::ctld {
namespace {

constexpr std::uint64_t every_fact = ~std::uint64_t{0};

class Ending : public ::testing::Test {
 protected:
  /// A job with a script of its own, submitted under `key`.
  std::uint64_t submit(std::uint64_t key = 0, const std::string& script = "#!/bin/sh\ntrue\n") {
    JobRequest job;
    job.common.edit().directory = "/";
    job.common.edit().components = {Component{}};
    wire::ClientRequest request;
    request.mutable_submit()->set_key_low(key);
    request.mutable_submit()->set_script(script);
    wire::put(job, request.mutable_submit()->mutable_request());
    world_.say(client_, request);
    const auto replies = world_.heard(client_);
    EXPECT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies.at(0).error().message(), "");
    return replies.at(0).submitted().job();
  }

  void cancel(std::uint64_t job) {
    wire::ClientRequest request;
    auto* action = request.mutable_job_action();
    action->set_kind(wire::JobAction::CANCEL);
    action->add_jobs(job);
    world_.say(client_, request);
    world_.heard(client_);
  }

  bool is_known(std::uint64_t job) const { return world_.state().find_job(JobId(job)) != nullptr; }

  MemoryStore store_;
  FakeWorld world_{store_};
  ClientId client_ = world_.connect(Caller{0, 0, Role::administrator});
};

TEST_F(Ending, without_a_history_every_job_is_remembered) {
  const auto job = submit();
  cancel(job);
  world_.pass(minutes(600));
  EXPECT_TRUE(is_known(job));
}

TEST_F(Ending, a_job_leaves_after_its_time_once_the_history_has_it) {
  const auto job = submit();
  const auto pending = submit();
  cancel(job);
  world_.controller().history_written_to(1);
  world_.pass(minutes(11));
  EXPECT_TRUE(is_known(job)) << "the history does not have it yet";
  world_.controller().history_written_to(every_fact);
  world_.pass(seconds(1));
  EXPECT_FALSE(is_known(job));
  EXPECT_TRUE(is_known(pending));
}

TEST_F(Ending, a_resend_gets_the_id_of_a_job_that_was_forgotten_also_after_a_restart) {
  world_.controller().history_written_to(every_fact);
  const auto job = submit(77);
  cancel(job);
  world_.pass(minutes(11));
  EXPECT_FALSE(is_known(job));
  EXPECT_EQ(submit(77), job);
  EXPECT_FALSE(is_known(job));
  FakeWorld next(store_);
  wire::ClientRequest request;
  request.mutable_submit()->set_key_low(77);
  request.mutable_submit()->set_script("#!/bin/sh\ntrue\n");
  const ClientId client = next.connect(Caller{0, 0, Role::administrator});
  next.say(client, request);
  const auto replies = next.heard(client);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].submitted().job(), job);
}

TEST_F(Ending, a_client_that_comes_back_for_a_forgotten_job_is_told_where_to_look) {
  world_.controller().history_written_to(every_fact);
  const auto job = submit(77);
  cancel(job);
  world_.pass(minutes(11));
  wire::ClientRequest request;
  request.mutable_submit()->set_key_low(77);
  request.mutable_submit()->set_attach(true);
  request.mutable_submit()->set_script("#!/bin/sh\ntrue\n");
  world_.say(client_, request);
  const auto replies = world_.heard(client_);
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[1].error().message(),
            "job " + std::to_string(job) +
                " of this submit ended and left memory: see cox history " + std::to_string(job));
  EXPECT_TRUE(replies[1].last());
}

TEST_F(Ending, a_script_is_deleted_with_the_last_job_that_refers_to_it) {
  world_.controller().history_written_to(every_fact);
  const auto first = submit(0, "#!/bin/sh\nshared\n");
  const auto second = submit(0, "#!/bin/sh\nshared\n");
  const std::size_t kept = store_.blobs();
  cancel(first);
  world_.pass(minutes(11));
  EXPECT_FALSE(is_known(first));
  EXPECT_EQ(store_.blobs(), kept);
  cancel(second);
  world_.pass(minutes(11));
  EXPECT_FALSE(is_known(second));
  EXPECT_LT(store_.blobs(), kept);
}

TEST_F(Ending, content_that_a_crash_left_behind_is_found_and_deleted_by_the_next_controller) {
  submit(0, "#!/bin/sh\nwaits\n");
  const std::size_t kept = store_.blobs();
  for (int i = 0; i < 256; ++i) {
    Hash left;
    left.bytes[0] = static_cast<std::uint8_t>(i);
    left.bytes[31] = 1;
    store_.leave_behind(left);
  }
  FakeWorld next(store_);
  EXPECT_EQ(store_.blobs(), kept + 256);
  next.pass(seconds(1));
  EXPECT_EQ(store_.blobs(), kept);
}

/// desihub/desispec#1727: a purged job's record was reset, and a dependency on it was fulfilled.
TEST_F(Ending, Trap13_a_forgotten_job_does_not_count_as_ended_well_and_its_id_is_not_reused) {
  world_.controller().history_written_to(every_fact);
  const auto job = submit();
  cancel(job);
  world_.pass(minutes(11));
  ASSERT_FALSE(is_known(job));
  wire::ClientRequest request;
  request.mutable_wait_jobs()->add_jobs(job);
  world_.say(client_, request);
  const auto replies = world_.heard(client_);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].error().code(), static_cast<std::uint32_t>(Code::not_found));
  EXPECT_GT(submit(), job);
  MemoryStore& same = store_;
  const FakeWorld restarted(same);
  EXPECT_EQ(restarted.state().find_job(JobId(job)), nullptr);
  EXPECT_GT(restarted.state().record.next_job.value, job + 1);
}

/// Evolves a fact as the controller does, and tells what is due afterwards.
class Forgetting {
 public:
  void learn(const core::Fact& fact) {
    core::evolve(state, fact);
    retention_.learn(state, fact, ++sequence_);
  }

  void submit_and_cancel(JobId id, std::uint64_t key, Instant at) {
    learn(core::JobSubmitted{id, ClientKey{{key, 0}}, at, testing::job().submit().request});
    learn(core::JobEnded{id, Attempt{}, at, JobState::cancelled, 0, 0, {}, {}});
  }

  void begin(Instant now) { retention_.begin(now); }

  std::vector<JobId> due(Instant now) { return retention_.take_due(state, now, every_fact); }

  core::State state;

 private:
  Retention retention_;
  std::uint64_t sequence_ = 0;
};

TEST(Retention, jobs_leave_with_a_key_as_without_and_their_keys_in_their_time) {
  Forgetting one;
  const Instant begin{1'700'000'000'000'000}, later = begin + core::resend_window + seconds(1);
  one.submit_and_cancel(JobId{1}, 71, begin);
  one.submit_and_cancel(JobId{2}, 72, begin);
  const std::vector<JobId> both{JobId{1}, JobId{2}};
  EXPECT_EQ(one.due(later), both);
  one.learn(core::JobsForgotten{later, both});
  // The first submit after an hour and many others, which stand for those in between.
  one.submit_and_cancel(JobId{1 + core::resend_jobs}, 73, later);
  ASSERT_EQ(one.state.record.forgotten.size(), 1U) << "the second is among the last so many";
  EXPECT_EQ(one.state.record.forgotten.begin()->first, JobId{2});
  one.submit_and_cancel(JobId{2 + core::resend_jobs}, 0, later);
  EXPECT_TRUE(one.state.record.forgotten.empty());
  EXPECT_EQ(one.state.index.job_by_key.size(), 1U);
  EXPECT_TRUE(core::rebuild_index(one.state.record) == one.state.index);
}

TEST(Retention, what_ended_by_a_clock_that_was_put_back_since_leaves_in_time_all_the_same) {
  Forgetting one;
  const Instant now{1'700'000'000'000'000};
  one.submit_and_cancel(JobId{1}, 0, now + minutes(300));
  one.begin(now);
  const std::vector<JobId> first{JobId{1}};
  EXPECT_TRUE(one.due(now + minutes(9)).empty());
  EXPECT_EQ(one.due(now + minutes(10)), first);
}

TEST(Retention, with_too_many_in_memory_the_oldest_leave_earlier) {
  Settings settings;
  settings.history_jobs = 2;
  core::State state;
  core::evolve(state, core::SettingsApplied{Instant{}, settings});
  Retention retention;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    core::Job job;
    job.id = JobId{id};
    job.phase = JobPhase::ended;
    job.run.edit().ended = Instant{1000 - static_cast<std::int64_t>(id)};
    state.record.jobs.insert(job);
    retention.restore(job, id);
  }
  const std::vector<JobId> oldest{JobId{5}, JobId{4}, JobId{3}};
  EXPECT_EQ(retention.take_due(state, Instant{1000}, every_fact), oldest);
  EXPECT_TRUE(retention.take_due(state, Instant{1000}, every_fact).empty());
}

TEST(BlobCounts, agree_with_the_jobs_in_state_in_every_life) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    testing::RandomLife life(seed);
    BlobCounts counts;
    core::State state;
    for (int i = 0; i < 60; ++i) life.event();
    testing::Dice dice(seed);
    std::uint64_t sequence = 0;
    for (core::Fact fact : life.cluster.journal) {
      if (auto* submitted = std::get_if<core::JobSubmitted>(&fact)) {
        submitted->request.script.bytes[0] = static_cast<std::uint8_t>(1 + dice.roll(5));
      } else if (auto* queued = std::get_if<core::StepQueued>(&fact)) {
        queued->request.environment.bytes[0] = static_cast<std::uint8_t>(1 + dice.roll(5));
      } else if (auto* step = std::get_if<core::StepStarted>(&fact)) {
        step->request.environment.bytes[0] = static_cast<std::uint8_t>(1 + dice.roll(5));
      }
      counts.before(state, fact);
      core::evolve(state, fact);
      counts.after(state, fact, ++sequence);
    }
    BlobCounts again;
    for (const core::Job& job : state.record.jobs) again.restore(job);
    for (int value = 0; value < 7; ++value) {
      Hash hash;
      hash.bytes[0] = static_cast<std::uint8_t>(value);
      EXPECT_EQ(counts.count(hash), again.count(hash)) << seed << " " << value;
    }
  }
}

TEST(BlobCounts, many_contents_come_and_go) {
  BlobCounts counts;
  core::State state;
  std::vector<Hash> hashes(500);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    hashes[i].bytes[0] = static_cast<std::uint8_t>(i);  // neighbours collide in the table
    hashes[i].bytes[1] = static_cast<std::uint8_t>(i / 64);
    hashes[i].bytes[31] = 1;
    core::Job job;
    job.request.script = hashes[i];
    counts.restore(job);
  }
  for (const Hash& hash : hashes) EXPECT_GE(counts.count(hash), 1U);
}

}  // namespace
}  // namespace cox::ctld
