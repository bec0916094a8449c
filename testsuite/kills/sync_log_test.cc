// The judge on events written by hand: it accepts what is synced in time and finds what is not.
#include "testsuite/kills/sync_log.h"

#include <gtest/gtest.h>

namespace cox::kills {
namespace {

constexpr int client = 7;
constexpr int log_file = 3;

SyncJudge judge(const std::vector<probe_event>& events) {
  SyncJudge made;
  for (const probe_event& event : events) made.take(event);
  return made;
}

probe_event start() {
  return {PROBE_START, -1, 100};
}

probe_event request(std::uint64_t marker) {
  return {PROBE_REQUEST, client, marker};
}

probe_event write(std::uint64_t marker) {
  return {PROBE_WRITE, log_file, marker};
}

probe_event sync_begin() {
  return {PROBE_SYNC_BEGIN, log_file, 0};
}

probe_event sync_end() {
  return {PROBE_SYNC_END, log_file, 0};
}

probe_event reply(std::uint64_t job) {
  return {PROBE_REPLY, client, job};
}

TEST(SyncJudge, accepts_a_reply_after_the_sync_of_its_write) {
  const SyncJudge seen = judge({start(), request(5), write(5), sync_begin(), sync_end(), reply(1)});
  EXPECT_EQ(seen.replies(), 1U);
  EXPECT_EQ(seen.syncs(), 1U);
  EXPECT_EQ(seen.early(), 0U);
  EXPECT_TRUE(seen.complaints().empty());
}

TEST(SyncJudge, finds_a_reply_without_any_sync) {
  EXPECT_EQ(judge({start(), request(5), write(5), reply(1)}).early(), 1U);
}

TEST(SyncJudge, finds_a_reply_while_the_sync_is_under_way) {
  EXPECT_EQ(judge({start(), request(5), write(5), sync_begin(), reply(1), sync_end()}).early(), 1U);
}

TEST(SyncJudge, does_not_count_a_sync_that_began_before_the_write) {
  EXPECT_EQ(judge({start(), request(5), sync_begin(), write(5), sync_end(), reply(1)}).early(), 1U);
}

TEST(SyncJudge, does_not_count_a_sync_in_which_the_process_died) {
  EXPECT_EQ(
      judge({start(), request(5), write(5), sync_begin(), start(), request(5), reply(1)}).early(),
      1U);
}

TEST(SyncJudge, counts_a_sync_of_the_next_process_for_what_the_last_one_wrote) {
  const SyncJudge seen = judge({start(), request(5), write(5), sync_begin(), start(), request(5),
                                sync_begin(), sync_end(), reply(1)});
  EXPECT_EQ(seen.early(), 0U);
  EXPECT_EQ(seen.processes(), 2U);
  EXPECT_EQ(seen.answered_late(), 0U);
}

TEST(SyncJudge, counts_answers_that_were_lost_and_came_later) {
  const SyncJudge seen = judge({start(), request(5), write(5), sync_begin(), sync_end(), start(),
                                request(5), reply(1), request(5), reply(1)});
  EXPECT_EQ(seen.answered_late(), 1U);
  EXPECT_EQ(seen.replies(), 2U);
}

TEST(SyncJudge, finds_a_message_that_names_a_job_too_early) {
  const probe_event named{PROBE_NAMED, client, 5};
  EXPECT_EQ(judge({start(), request(5), write(5), named}).early(), 1U);
  EXPECT_EQ(judge({start(), request(5), write(5), sync_begin(), sync_end(), named}).early(), 0U);
}

TEST(SyncJudge, finds_an_id_given_twice_but_not_one_given_again) {
  const std::vector<probe_event> once = {start(),    request(5), write(5),   sync_begin(),
                                         sync_end(), reply(1),   request(5), reply(1)};
  EXPECT_TRUE(judge(once).complaints().empty());
  EXPECT_EQ(judge({start(), request(5), write(5), request(6), write(6), sync_begin(), sync_end(),
                   reply(1), request(5), reply(1)})
                .complaints()
                .size(),
            1U);
}

TEST(SyncJudge, says_that_events_were_lost) {
  SyncJudge seen;
  seen.lost(3);
  EXPECT_EQ(seen.complaints().size(), 1U);
}

}  // namespace
}  // namespace cox::kills
