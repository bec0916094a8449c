// Clients that name elements of arrays: lists, waits, actions and the history of those that have no
// jobs of their own yet, that have, and that left memory.
#include <gtest/gtest.h>

#include <algorithm>

#include "ctld/fake_requests.h"
#include "ctld/history_testing.h"
#include "ctld/named_elements.h"

namespace cox::ctld {
namespace {

using Texts = std::vector<std::string>;

class ArrayRequests : public ::testing::Test {
 protected:
  std::uint64_t submit(const std::string& elements) {
    wire::ClientRequest request = submit_script(++number_);
    const ArraySpec array = parse_array(elements).value();
    wire::put(array, request.mutable_submit()->mutable_request()->mutable_array());
    request.mutable_submit()->mutable_request()->set_array_at_once(array.at_once_max);
    const wire::ClientReply reply = asked(request);
    EXPECT_FALSE(reply.has_error()) << reply.error().message();
    return reply.submitted().job();
  }

  wire::ClientReply asked(wire::ClientRequest request) {
    request.set_number(++number_);
    world_.say(client_, request);
    wire::ClientReply whole;
    for (const wire::ClientReply& reply : heard()) whole.MergeFrom(reply);
    return whole;
  }

  /// Replies to the last request.
  std::vector<wire::ClientReply> heard() {
    std::vector<wire::ClientReply> replies;
    for (const wire::ClientReply& reply : world_.heard(client_)) {
      if (reply.number() == number_) replies.push_back(reply);
    }
    return replies;
  }

  static void name(std::uint64_t array, const std::string& elements, wire::ElementsOf* to) {
    to->set_array(array);
    wire::put(parse_array(elements).value(), to->mutable_elements());
  }

  Texts listed(std::uint64_t array, const std::string& elements, bool ended = false) {
    wire::ClientRequest request;
    request.mutable_list_jobs()->set_ended(ended);
    request.mutable_list_jobs()->set_expand(true);
    if (elements.empty()) {
      request.mutable_list_jobs()->add_jobs(array);
    } else {
      name(array, elements, request.mutable_list_jobs()->add_elements());
    }
    Texts ids;
    const wire::ClientReply reply = asked(request);
    for (const auto& view : reply.jobs().jobs()) {
      ids.push_back(view.id() + " " + view.state());
    }
    std::ranges::sort(ids);
    return ids;
  }

  wire::ClientReply act(wire::JobAction::Kind kind,
                        std::uint64_t array,
                        const std::string& elements) {
    wire::ClientRequest request;
    request.mutable_job_action()->set_kind(kind);
    name(array, elements, request.mutable_job_action()->add_elements());
    return asked(request);
  }

  void end(std::uint64_t array, std::uint32_t index, int exit_code = 0) {
    const JobId id = world_.state().find_members(JobId(array))->elements.at(index);
    world_.say(node_, closed(id.value, exit_code));
  }

  HistoryDisk disk_;
  FakeHistory history_{disk_};
  MemoryStore store_;
  FakeWorld world_{store_, &history_};
  Session node_ = world_.join("n1", 2);
  ClientId client_ = world_.connect(ada);
  std::uint64_t number_ = 0;
};

TEST_F(ArrayRequests, what_has_not_begun_shares_one_line) {
  submit("0-99%8");
  EXPECT_EQ(listed(1, ""), (Texts{"1_0 RUNNING", "1_1 RUNNING", "1_[2-99%8] PENDING"}));
  EXPECT_EQ(listed(1, "1-3"), (Texts{"1_1 RUNNING", "1_[2-3%8] PENDING"}));
  EXPECT_EQ(listed(1, "7"), Texts{"1_7 PENDING"});
}

TEST_F(ArrayRequests, elements_cancelled_together_are_told_as_such) {
  submit("0-99");
  EXPECT_EQ(act(wire::JobAction::CANCEL, 1, "10-99").done().count(), 1U);
  EXPECT_EQ(listed(1, "9-20"), (Texts{"1_9 PENDING", "1_[10-20] CANCELLED"}));
  EXPECT_EQ(act(wire::JobAction::CANCEL, 1, "50").done().errors(0).error().message(),
            "job 1_50 has ended");
  EXPECT_EQ(act(wire::JobAction::CANCEL, 1, "100-101").done().errors(0).error().message(),
            "no job 1_[100-101]");
}

TEST_F(ArrayRequests, a_wait_follows_elements_from_their_array_to_their_end) {
  submit("0-9");
  wire::ClientRequest request;
  name(1, "1-2,5", request.mutable_wait_jobs()->add_elements());
  EXPECT_FALSE(asked(request).last());
  end(1, 0);
  EXPECT_TRUE(heard().empty());
  end(1, 1, 3);
  auto events = heard();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event().job().id(), "1_1");
  EXPECT_EQ(events[0].event().job().exit_code(), 3);
  const std::uint64_t waits = number_;
  act(wire::JobAction::CANCEL, 1, "5-9");
  number_ = waits;
  end(1, 2);
  events = heard();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].last()) << "1_5 was told when it was cancelled";
  EXPECT_EQ(events[0].event().job().id(), "1_2");
}

TEST_F(ArrayRequests, a_wait_for_what_is_cancelled_before_it_begins_ends) {
  submit("0-9");
  wire::ClientRequest request;
  name(1, "5-7", request.mutable_wait_jobs()->add_elements());
  asked(request);
  const std::uint64_t waits = number_;
  act(wire::JobAction::CANCEL, 1, "4-9");
  number_ = waits;
  wire::ClientRequest again;
  name(1, "5-7", again.mutable_wait_jobs()->add_elements());
  const wire::ClientReply reply = asked(again);
  EXPECT_TRUE(reply.last());
  EXPECT_EQ(reply.event().job().id(), "1_[5-7]");
  EXPECT_EQ(reply.event().job().state(), "CANCELLED");
}

TEST_F(ArrayRequests, the_whole_ends_as_its_worst_element) {
  submit("0-1");
  wire::ClientRequest request;
  request.mutable_wait_jobs()->add_jobs(1);
  asked(request);
  end(1, 1, 7);
  EXPECT_TRUE(heard().empty());
  end(1, 0);
  const auto events = heard();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].last());
  EXPECT_EQ(events[0].event().job().state(), "FAILED");
  EXPECT_EQ(events[0].event().job().exit_code(), 7);
  EXPECT_EQ(events[0].event().job().counts(), "1 COMPLETED, 1 FAILED");
}

TEST_F(ArrayRequests, forgotten_elements_are_found_in_the_history_by_their_names) {
  submit("0-4");
  act(wire::JobAction::CANCEL, 1, "3-4");
  end(1, 0, 2);
  end(1, 1);
  end(1, 2);
  while (history_.waiting() != 0) world_.controller().history_written(history_.write_one());
  world_.pass(minutes(61));
  for (int i = 0; i < 3; ++i) world_.pass(seconds(1));
  ASSERT_TRUE(world_.state().record.jobs.empty());
  EXPECT_EQ(listed(1, "0"), Texts{"1_0 FAILED"});
  EXPECT_EQ(listed(1, "2-4", true), (Texts{"1_2 COMPLETED", "1_[3-4] CANCELLED"}));
  wire::ClientRequest request;
  request.mutable_wait_jobs()->add_jobs(1);
  const wire::ClientReply whole = asked(request);
  EXPECT_TRUE(whole.last());
  EXPECT_EQ(whole.event().job().exit_code(), 2);
  EXPECT_EQ(whole.event().job().counts(), "2 COMPLETED, 1 FAILED, 2 CANCELLED");
  wire::ClientRequest past;
  past.mutable_history_query()->add_jobs(1);
  EXPECT_EQ(asked(past).history().entries_size(), 4) << "three that ran, one line of cancelled";
  wire::ClientRequest why;
  why.mutable_explain_job()->set_job(1);
  why.mutable_explain_job()->set_index(3);
  why.mutable_explain_job()->set_has_index(true);
  EXPECT_EQ(asked(why).explanation().state(), "CANCELLED");
}

TEST_F(ArrayRequests, elements_that_never_were_are_not_found) {
  submit("0-4");
  for (const auto add :
       {+[](wire::ClientRequest& to) { name(1, "9", to.mutable_wait_jobs()->add_elements()); },
        +[](wire::ClientRequest& to) { name(1, "9", to.mutable_list_jobs()->add_elements()); }}) {
    wire::ClientRequest request;
    add(request);
    EXPECT_EQ(asked(request).error().message(), "no job 1_9");
  }
  wire::ClientRequest request;
  name(77, "1", request.mutable_wait_jobs()->add_elements());
  EXPECT_EQ(asked(request).error().message(), "no job 77_1");
}

TEST(Trap10, a_message_with_an_array_of_billions_is_refused_by_its_limit) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  const auto refused = [&](std::uint32_t last, std::uint32_t step) {
    wire::ClientRequest request = submit_script();
    auto* range = request.mutable_submit()->mutable_request()->add_array();
    range->set_last(last);
    range->set_step(step);
    world.say(client, request);
    return world.heard(client).front().error().message();
  };
  EXPECT_EQ(refused(4'294'967'295, 1),
            "array: array elements 0-4294967295:1: not a range up to 4000000");
  EXPECT_EQ(refused(1'000'000, 1), "array: array elements are more than 1000000");
  EXPECT_EQ(refused(10, 3), "array: array elements 0-10:3: not a range up to 4000000");
}

TEST(Trap10, an_action_with_too_many_ranges_is_refused_by_its_limit) {
  wire::JobAction action;
  for (int i = 0; i < 3; ++i) {
    auto* some = action.add_elements();
    some->set_array(1);
    for (std::uint32_t k = 0; k < 9000; ++k) {
      auto* range = some->add_elements();
      range->set_first(k * 2);
      range->set_last(k * 2);
    }
  }
  const auto taken = take_elements(action.elements());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message, "elements in more than 20000 ranges in one request");
}

}  // namespace
}  // namespace cox::ctld
