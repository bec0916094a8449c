// A client that watches the queue: it hears the list, then each change, and nothing else.
#include "ctld/queue_watches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "ctld/fake_requests.h"
#include "model/array_spec.h"

namespace cox::ctld {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Texts = std::vector<std::string>;

class QueueWatching : public ::testing::Test {
 protected:
  std::uint64_t submit(std::uint32_t cores = 1, const std::string& elements = "") {
    wire::ClientRequest request = submit_script(++number_);
    wire::JobRequest& job = *request.mutable_submit()->mutable_request();
    job.mutable_components(0)->set_tasks(1);
    job.mutable_components(0)->set_cpus_per_task(cores);
    if (!elements.empty()) wire::put(parse_array(elements).value(), job.mutable_array());
    world_.say(user_, request);
    std::uint64_t id = 0;
    for (const wire::ClientReply& reply : world_.heard(user_)) id = reply.submitted().job();
    return id;
  }

  void act(wire::JobAction::Kind kind, std::uint64_t job) {
    wire::ClientRequest request;
    request.set_number(++number_);
    request.mutable_job_action()->set_kind(kind);
    request.mutable_job_action()->add_jobs(job);
    world_.say(user_, request);
  }

  void watch_elements(std::uint64_t array, const std::string& elements, bool with_ended = false) {
    wire::ClientRequest request;
    request.set_number(1);
    wire::ListJobs& list = *request.mutable_list_jobs();
    wire::ElementsOf& some = *list.add_elements();
    some.set_array(array);
    wire::put(parse_array(elements).value(), some.mutable_elements());
    list.set_expand(true);
    list.set_watch(true);
    list.set_ended(with_ended);
    world_.say(watcher_, request);
  }

  void watch(const std::vector<std::uint64_t>& jobs = {},
             const std::string& user = "",
             bool with_ended = false) {
    wire::ClientRequest request;
    request.set_number(1);
    wire::ListJobs& list = *request.mutable_list_jobs();
    for (const std::uint64_t job : jobs) list.add_jobs(job);
    list.set_user(user);
    list.set_expand(true);
    list.set_watch(true);
    list.set_ended(with_ended);
    world_.say(watcher_, request);
  }

  /// What the watcher heard: "1 PENDING Resources", "gone 2", "complete".
  Texts heard() {
    Texts texts;
    for (const wire::ClientReply& reply : world_.heard(watcher_)) {
      EXPECT_FALSE(reply.has_error()) << reply.error().message();
      EXPECT_FALSE(reply.last());
      for (const wire::JobView& job : reply.jobs().jobs()) {
        const std::string reason = job.reason() == "None" ? "" : job.reason();
        texts.push_back(job.id() + " " + job.state() + (reason.empty() ? "" : " " + reason));
      }
      for (const std::uint64_t job : reply.jobs().gone()) {
        texts.push_back("gone " + std::to_string(job));
      }
      if (reply.jobs().complete()) texts.emplace_back("complete");
    }
    return texts;
  }

  Texts heard_in(Duration time) {
    world_.pass(time);
    return heard();
  }

  MemoryStore store_;
  FakeWorld world_{store_};
  Session node_ = world_.join("n1", 2);
  ClientId user_ = world_.connect(ada);
  ClientId watcher_ = world_.connect({1002, 100, Role::user});
  std::uint64_t number_ = 0;
};

TEST_F(QueueWatching, HearsTheListThenStartsAndEnds) {
  const std::uint64_t first = submit(2);
  const std::uint64_t second = submit(2);
  watch();
  const std::string one = std::to_string(first);
  const std::string two = std::to_string(second);
  EXPECT_THAT(heard(), ElementsAre(one + " RUNNING", two + " PENDING Resources", "complete"));
  EXPECT_THAT(heard_in(seconds(1)), IsEmpty()) << "nothing changed";
  world_.say(node_, closed(first, 0));
  EXPECT_THAT(heard_in(seconds(1)), ElementsAre(two + " RUNNING", "gone " + one));
  const std::uint64_t third = submit(2);
  EXPECT_THAT(heard_in(seconds(1)), ElementsAre(std::to_string(third) + " PENDING Resources"));
  EXPECT_THAT(heard_in(seconds(1)), IsEmpty());
}

TEST_F(QueueWatching, AnotherRowsTurnIsTold) {
  wire::ClientRequest apply;
  apply.set_number(1);
  apply.mutable_config_action()->set_kind(wire::ConfigAction::APPLY);
  apply.mutable_config_action()->set_name("cox.toml");
  apply.mutable_config_action()->set_text(
      "[[partition]]\nname = 'batch'\nshare = 'timeslice'\nslice = '5s'\n");
  world_.say(world_.connect(root), apply);
  const std::uint64_t first = submit();
  const std::uint64_t second = submit();
  watch();
  EXPECT_THAT(heard(), ::testing::Contains("complete"));
  // The row that runs, as each job that is told has it.
  const auto turns_in = [this](Duration time) {
    world_.pass(time);
    world_.pass(seconds(1));  // what a turn changed is told in the next
    std::map<std::uint64_t, std::uint32_t> told;
    for (const wire::ClientReply& reply : world_.heard(watcher_)) {
      for (const wire::JobView& job : reply.jobs().jobs()) told[job.job()] = job.turn();
    }
    return told;
  };
  using Turns = std::map<std::uint64_t, std::uint32_t>;
  EXPECT_EQ(turns_in(seconds(1)), (Turns{{first, 2}, {second, 2}}));
  EXPECT_EQ(turns_in(seconds(1)), Turns{}) << "the turn is not over";
  EXPECT_EQ(turns_in(seconds(4)), (Turns{{first, 1}, {second, 1}}));
}

TEST_F(QueueWatching, ManyChangesOfAJobAtOnceAreOne) {
  const std::uint64_t job = submit(4);  // the node has two cores
  watch();
  heard();
  const std::string id = std::to_string(job);
  act(wire::JobAction::HOLD, job);
  EXPECT_THAT(heard_in(milliseconds(1)), ElementsAre(id + " PENDING JobHeldUser"));
  act(wire::JobAction::RELEASE, job);
  act(wire::JobAction::HOLD, job);
  EXPECT_THAT(heard(), IsEmpty()) << "told a moment ago";
  EXPECT_THAT(heard_in(seconds(1)), ElementsAre(id + " PENDING JobHeldUser"));
}

TEST_F(QueueWatching, AReasonThatChangesWithoutAFactOfTheJobIsToldToo) {
  submit(2);
  const std::uint64_t next = submit(2);
  const std::string behind = std::to_string(submit(2));
  watch();
  EXPECT_THAT(heard(), ::testing::Contains(behind + " PENDING Priority"));
  act(wire::JobAction::CANCEL, next);
  Texts told = heard_in(seconds(1));
  for (std::string& text : heard_in(seconds(1))) told.push_back(std::move(text));
  EXPECT_THAT(told, ::testing::UnorderedElementsAre("gone " + std::to_string(next),
                                                    behind + " PENDING Resources"));
}

TEST_F(QueueWatching, OnlyWhatWasAskedForIsTold) {
  const std::uint64_t mine = submit(2);
  const std::uint64_t other = submit(2);
  watch({other});
  EXPECT_THAT(heard(), ElementsAre(std::to_string(other) + " PENDING Resources", "complete"));
  submit(2);
  world_.say(node_, closed(mine, 0));
  EXPECT_THAT(heard_in(seconds(1)), ElementsAre(std::to_string(other) + " RUNNING"));
}

TEST_F(QueueWatching, AnotherUsersJobsAreNotTold) {
  watch({}, "user1002");
  EXPECT_THAT(heard(), ElementsAre("complete"));
  submit();
  EXPECT_THAT(heard_in(seconds(1)), IsEmpty());
}

TEST_F(QueueWatching, AnArrayGivesWayToItsElements) {
  const std::uint64_t array = submit(1, "0-2");
  const std::string id = std::to_string(array);
  watch({array});
  EXPECT_THAT(heard(), ::testing::UnorderedElementsAre(id + "_0 RUNNING", id + "_1 RUNNING",
                                                       id + "_2 PENDING Resources", "complete"));
  const JobId first = world_.state().find_members(JobId(array))->elements.at(0);
  world_.say(node_, closed(first.value, 0));
  EXPECT_THAT(heard_in(seconds(1)),
              ::testing::UnorderedElementsAre("gone " + id, "gone " + std::to_string(first.value),
                                              id + "_2 RUNNING"));
}

TEST_F(QueueWatching, OfAnArrayOnlyTheElementsThatWereNamedAreTold) {
  const std::uint64_t array = submit(1, "0-5");
  const std::string id = std::to_string(array);
  watch_elements(array, "1-2");
  EXPECT_THAT(heard(), ElementsAre(id + "_2 PENDING Resources", id + "_1 RUNNING", "complete"));
  const auto element = [&](std::uint32_t index) {
    return world_.state().find_members(JobId(array))->elements.at(index).value;
  };
  world_.say(node_, closed(element(0), 0));
  EXPECT_THAT(heard_in(seconds(1)),
              ::testing::UnorderedElementsAre("gone " + id, id + "_2 RUNNING"));
  world_.say(node_, closed(element(1), 0));
  EXPECT_THAT(heard_in(seconds(1)), Contains("gone " + std::to_string(element(1))));
  world_.say(node_, closed(element(3), 0));
  EXPECT_THAT(heard_in(seconds(1)), ::testing::Not(Contains(::testing::HasSubstr("_"))));
}

TEST_F(QueueWatching, NamedElementsThatAreCancelledStayOnAListOfEndedOnes) {
  const std::uint64_t array = submit(2, "0-9");
  const std::string id = std::to_string(array);
  watch_elements(array, "3-5", true);
  EXPECT_THAT(heard(), ElementsAre(id + "_[3-5] PENDING Resources", "complete"));
  act(wire::JobAction::CANCEL, array);
  EXPECT_THAT(heard_in(seconds(1)), ElementsAre(id + "_[3-5] CANCELLED"));
}

TEST_F(QueueWatching, ALongListComesInSlicesAndChangesOnTheWayComeBehindIt) {
  for (int i = 0; i < 1500; ++i) submit(4);
  watch();
  const Texts all = heard();
  EXPECT_EQ(all.size(), 1501U);
  EXPECT_EQ(all.back(), "complete");
  for (std::uint64_t job = 1; job <= 1500; ++job) act(wire::JobAction::HOLD, job);
  std::set<std::string> told;
  for (const std::string& text : heard()) told.insert(text);
  for (const std::string& text : heard_in(seconds(1))) told.insert(text);
  EXPECT_EQ(told.size(), 1500U);
}

TEST_F(QueueWatching, AClientHasSoManyAndWhatIsGoneCostsNothing) {
  for (int i = 0; i < 8; ++i) watch();
  heard();
  wire::ClientRequest request;
  request.set_number(9);
  request.mutable_list_jobs()->set_watch(true);
  world_.say(watcher_, request);
  const auto replies = world_.heard(watcher_);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_NE(replies[0].error().message().find("8 lists are watched"), std::string::npos);
  world_.turn([this] { world_.controller().client_closed(watcher_); });
  submit();
  EXPECT_THAT(heard_in(seconds(1)), IsEmpty());
}

TEST_F(QueueWatching, WithEndedOnesHearsEnds) {
  const std::uint64_t array = submit(2, "0-2");
  const std::string id = std::to_string(array);
  watch({}, "", true);
  heard();
  const std::uint64_t first = world_.state().find_members(JobId(array))->elements.at(0).value;
  world_.say(node_, closed(first, 3));
  EXPECT_THAT(heard_in(seconds(1)),
              ::testing::UnorderedElementsAre(id + "_2 PENDING Resources", id + "_0 FAILED",
                                              id + "_1 RUNNING"));
  act(wire::JobAction::CANCEL, array);
  EXPECT_THAT(heard_in(seconds(1)), Contains(id + "_2 CANCELLED"));
  world_.say(node_, closed(world_.state().find_members(JobId(array))->elements.at(1).value, 0));
  EXPECT_THAT(heard_in(seconds(1)), Contains(id + "_1 CANCELLED"));
}

TEST_F(QueueWatching, WhatLeavesMemoryLeavesAListOfEndedOnesAlone) {
  const core::Plan& plan = world_.controller().machine().plan();
  const Instant late = Instant{} + minutes(1);
  for (const bool with_ended : {false, true}) {
    QueueWatch watch({watcher_, 1}, "", {}, {{JobId{7}}}, with_ended, Detail::usual);
    watch.listed();
    watch.note(world_.state(), JobId{7});
    watch.note(world_.state(), JobId{8});
    EXPECT_EQ(watch.is_due(late), with_ended);
    wire::JobList told;
    watch.next(world_.state(), plan, late, &told);
    EXPECT_EQ(told.gone_size(), with_ended ? 1 : 0) << "the one that was asked for";
    EXPECT_EQ(told.jobs_size(), 0);
  }
}

}  // namespace
}  // namespace cox::ctld
