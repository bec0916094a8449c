// Lists of jobs beside each other: how many at a time, which go first, what they say of places in
// the order; the tree of shares, and what is counted.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ctld/fake_requests.h"
#include "model/array_spec.h"
#include "testsuite/support/brief_view.h"
#include "wire/model_codec.h"

namespace cox::ctld {
namespace {

class Lists : public ::testing::Test {
 protected:
  std::uint64_t submit(bool held = false) {
    wire::ClientRequest request = submit_script(++number_);
    request.mutable_submit()->mutable_request()->set_held(held);
    world_.say(client_, request);
    return last().submitted().job();
  }

  wire::ClientReply last(ClientId client) { return world_.heard(client).back(); }

  wire::ClientReply last() { return last(client_); }

  wire::ClientReply ask(wire::ClientRequest request) {
    request.set_number(++number_);
    world_.say(client_, request);
    return last();
  }

  static wire::ClientRequest list_of_all(std::uint64_t number) {
    wire::ClientRequest request;
    request.set_number(number);
    request.mutable_list_jobs();
    return request;
  }

  /// As many lists of all jobs as there are `clients`, in one turn; then what each heard.
  std::vector<wire::ClientReply> ask_at_once(const std::vector<ClientId>& clients) {
    world_.turn([&] {
      for (const ClientId one : clients) world_.controller().client_said(one, list_of_all(7));
    });
    std::vector<wire::ClientReply> replies;
    for (const ClientId one : clients) replies.push_back(last(one));
    return replies;
  }

  std::vector<ClientId> connect(Uid first, int users, int of_each) {
    std::vector<ClientId> clients;
    for (int i = 0; i < users * of_each; ++i) {
      const Uid uid = first + static_cast<Uid>(i / of_each);
      clients.push_back(world_.connect({uid, 100, Role::user}));
    }
    return clients;
  }

  MemoryStore store_;
  FakeWorld world_{store_};
  ClientId client_ = world_.connect(ada);
  std::uint64_t number_ = 0;
};

TEST_F(Lists, ThatAreBriefLeaveOutWhatIsNotSaidToBeInThem) {
  submit();
  submit(true);
  wire::ClientRequest array = submit_script(++number_);
  wire::put(parse_array("3-9%2").value(),
            array.mutable_submit()->mutable_request()->mutable_array());
  world_.say(client_, array);
  wire::ClientRequest request;
  request.mutable_list_jobs()->set_ended(true);
  const wire::ClientReply usual = ask(request);
  request.mutable_list_jobs()->set_brief(true);
  const wire::ClientReply brief = ask(request);
  ASSERT_GE(usual.jobs().jobs_size(), 3);
  ASSERT_EQ(brief.jobs().jobs_size(), usual.jobs().jobs_size());
  for (int i = 0; i < usual.jobs().jobs_size(); ++i) {
    EXPECT_EQ(brief.jobs().jobs(i).SerializeAsString(),
              testing::as_brief(usual.jobs().jobs(i)).SerializeAsString())
        << i;
  }
}

TEST_F(Lists, OfSnapshotsEightAreUnderWayAndEachHasTheWholeCluster) {
  submit(true);
  const auto clients = connect(2000, 10, 1);
  wire::ClientRequest request = list_of_all(7);
  request.mutable_snapshot();
  world_.turn([&] {
    for (const ClientId one : clients) world_.controller().client_said(one, request);
  });
  for (std::size_t i = 0; i < clients.size(); ++i) {
    wire::ClientReply whole;
    for (const wire::ClientReply& slice : world_.heard(clients[i])) whole.MergeFrom(slice);
    EXPECT_TRUE(whole.last());
    EXPECT_EQ(whole.has_error(), i >= 8) << i;
    EXPECT_EQ(whole.live().jobs_size(), i >= 8 ? 0 : 1) << i;
    EXPECT_EQ(whole.live().has_settings(), i < 8) << i;
    EXPECT_EQ(whole.retry_after_ms(), i >= 8 ? 1000U : 0U);
  }
}

TEST_F(Lists, OfOneUserSixteenAreUnderWayAndOthersAreAskedToComeAgain) {
  submit(true);
  const auto replies = ask_at_once(connect(2000, 1, 18));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].has_error(), i >= 16) << i;
    EXPECT_TRUE(replies[i].last());
  }
  EXPECT_EQ(replies[0].jobs().jobs_size(), 1);
  EXPECT_EQ(replies[17].error().code(), static_cast<std::uint32_t>(Code::refused));
  EXPECT_EQ(replies[17].error().message(),
            "16 lists are on their way to uid 2000 already: retry after 1 s");
  EXPECT_EQ(replies[17].retry_after_ms(), 1000U);
  // Once they have been answered there is room again.
  EXPECT_FALSE(ask(list_of_all(0)).has_error());
}

TEST_F(Lists, OfAllUsersThereAreSixtyFour) {
  const auto replies = ask_at_once(connect(2000, 5, 13));
  EXPECT_FALSE(replies[63].has_error());
  EXPECT_EQ(replies[64].error().message(), "64 lists are on their way already: retry after 1 s");
  EXPECT_EQ(replies[64].retry_after_ms(), 1000U);
}

TEST_F(Lists, WhatNamesItsJobsStandsBehindNoOther) {
  const std::uint64_t job = submit(true);
  const auto others = connect(2000, 4, 16);
  wire::ClientRequest named = list_of_all(8);
  named.mutable_list_jobs()->add_jobs(job);
  // A turn that has no time for lists.
  Controller& controller = world_.controller();
  const Instant now = controller.machine().now();
  controller.begin_turn(now, Duration{now.us});
  for (const ClientId one : others) controller.client_said(one, list_of_all(7));
  controller.client_said(client_, named);
  controller.end_turn();
  for (const ClientId one : others) EXPECT_TRUE(world_.heard(one).empty());
  const wire::ClientReply reply = last();
  EXPECT_FALSE(reply.has_error());
  ASSERT_EQ(reply.jobs().jobs_size(), 1);
  EXPECT_EQ(reply.jobs().jobs(0).job(), job);
  EXPECT_TRUE(reply.last());
}

TEST_F(Lists, PlacesInTheOrderAreToldOfJobsThatWaitWhereTheyAreAskedFor) {
  submit(true);
  wire::ClientRequest request = list_of_all(0);
  EXPECT_EQ(ask(request).jobs().jobs(0).priorities_size(), 0);
  request.mutable_list_jobs()->set_priorities(true);
  const wire::ClientReply reply = ask(request);
  ASSERT_EQ(reply.jobs().jobs(0).priorities_size(), 1);
  const wire::PriorityView& place = reply.jobs().jobs(0).priorities(0);
  EXPECT_EQ(place.partition(), "batch");
  EXPECT_EQ(place.tier(), 1U);
  ASSERT_NE(place.terms_size(), 0);
  for (const wire::PriorityTerm& term : place.terms()) EXPECT_NE(term.name(), "tier");
}

TEST_F(Lists, SharesAreToldOfWhoHasSubmitted) {
  wire::ClientRequest request;
  request.mutable_list_shares();
  EXPECT_EQ(ask(request).shares().shares_size(), 1);  // the root
  submit(true);
  const wire::ClientReply reply = ask(request);
  ASSERT_EQ(reply.shares().shares_size(), 2);
  EXPECT_EQ(reply.shares().shares(0).depth(), 0U);
  EXPECT_EQ(reply.shares().shares(1).depth(), 1U);
  EXPECT_FALSE(reply.shares().shares(1).user().empty());
  EXPECT_EQ(reply.shares().shares(1).of(), 1U);
}

TEST_F(Lists, TheStatusCountsWhatBecameOfJobs) {
  const Session node = world_.join("n1");
  const std::uint64_t good = submit(), bad = submit(), held = submit(true);
  world_.say(node, closed(good, 0));
  world_.say(node, closed(bad, 3));
  wire::ClientRequest cancel;
  cancel.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  cancel.mutable_job_action()->add_jobs(held);
  EXPECT_FALSE(ask(cancel).has_error());
  wire::ClientRequest request;
  request.mutable_status();
  const wire::ClientReply reply = ask(request);
  EXPECT_EQ(reply.status().jobs_submitted(), 3U);
  EXPECT_EQ(reply.status().jobs_started(), 2U);
  EXPECT_EQ(reply.status().jobs_completed(), 1U);
  EXPECT_EQ(reply.status().jobs_failed(), 1U);
  EXPECT_EQ(reply.status().jobs_cancelled(), 1U);
}

TEST_F(Lists, TheElementsOfAnArrayCountEach) {
  wire::ClientRequest request = submit_script(++number_);
  wire::put(parse_array("0-9").value(),
            request.mutable_submit()->mutable_request()->mutable_array());
  request.mutable_submit()->mutable_request()->set_held(true);
  world_.say(client_, request);
  const std::uint64_t array = last().submitted().job();
  wire::ClientRequest cancel;
  cancel.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  cancel.mutable_job_action()->add_jobs(array);
  EXPECT_FALSE(ask(cancel).has_error());
  wire::ClientRequest status;
  status.mutable_status();
  const wire::ClientReply reply = ask(status);
  EXPECT_EQ(reply.status().jobs_submitted(), 10U);
  EXPECT_EQ(reply.status().jobs_cancelled(), 10U);
  EXPECT_EQ(reply.status().jobs_failed(), 0U);
}

}  // namespace
}  // namespace cox::ctld
