// Content lives as long as a job refers to it, and each is written once.
#include "ctld/blob_table.h"

#include <gtest/gtest.h>

#include <memory>

namespace cox::ctld {
namespace {

Hash hash(std::uint8_t first) {
  Hash made;
  made.bytes[0] = first;
  return made;
}

core::JobSubmitted submitted(std::uint64_t job, const Hash& script, const Hash& environment) {
  core::JobSubmitted fact;
  fact.job = JobId(job);
  fact.request.script = script;
  fact.request.environment = environment;
  return fact;
}

core::JobEnded ended(std::uint64_t job) {
  core::JobEnded fact{};
  fact.job = JobId(job);
  return fact;
}

void offer(BlobTable& table, const Hash& of, const char* bytes) {
  table.offer({{of, std::make_shared<const std::string>(bytes)}});
}

TEST(BlobTable, the_first_job_brings_the_content_and_the_last_takes_it_away) {
  BlobTable table;
  offer(table, hash(1), "script");
  EXPECT_EQ(table.learn(submitted(1, hash(1), Hash{})).size(), 1U);
  offer(table, hash(1), "script");
  EXPECT_TRUE(table.learn(submitted(2, hash(1), Hash{})).empty()) << "it is written once";
  table.learn(ended(1));
  ASSERT_NE(table.find(hash(1)), nullptr);
  EXPECT_EQ(*table.find(hash(1)), "script");
  table.learn(ended(2));
  EXPECT_EQ(table.find(hash(1)), nullptr);
}

TEST(BlobTable, a_step_keeps_its_own_environment) {
  BlobTable table;
  table.learn(submitted(1, Hash{}, hash(1)));
  core::StepStarted step{};
  step.job = JobId(1);
  step.request.environment = hash(2);
  offer(table, hash(2), "A=b");
  EXPECT_EQ(table.learn(step).size(), 1U);
  EXPECT_TRUE(table.learn(step).empty());
  table.learn(ended(1));
  EXPECT_EQ(table.find(hash(2)), nullptr);
}

TEST(BlobTable, after_a_replay_it_says_what_is_missing) {
  BlobTable table;
  table.learn(submitted(1, hash(1), hash(2)));
  table.learn(submitted(2, hash(3), hash(2)));
  table.learn(ended(2));
  ASSERT_EQ(table.missing(), (std::vector<Hash>{hash(1), hash(2)}));
  table.fill(hash(1), "script");
  EXPECT_EQ(table.missing(), (std::vector<Hash>{hash(2)}));
}

TEST(BlobTable, an_offer_that_no_fact_took_is_forgotten) {
  BlobTable table;
  offer(table, hash(1), "script");
  table.drop_offers();
  EXPECT_TRUE(table.learn(submitted(1, hash(1), Hash{})).empty());
  EXPECT_EQ(table.find(hash(1)), nullptr);
}

}  // namespace
}  // namespace cox::ctld
