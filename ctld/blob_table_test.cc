// Content travels to the store once, and only what was lately needed stays in memory.
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

BlobTable::Bytes bytes(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

void offer(BlobTable& table, const Hash& of, const char* text) {
  table.offer({{of, bytes(text)}});
}

TEST(BlobTable, content_that_was_handed_on_is_not_handed_on_again) {
  BlobTable table;
  offer(table, hash(1), "script");
  const auto fresh = table.learn(submitted(1, hash(1), Hash{}));
  ASSERT_EQ(fresh.size(), 1U);
  EXPECT_EQ(*fresh.front().bytes, "script");
  offer(table, hash(1), "script");
  EXPECT_TRUE(table.learn(submitted(2, hash(1), Hash{})).empty());
  ASSERT_NE(table.find(hash(1)), nullptr);
  EXPECT_EQ(*table.find(hash(1)), "script");
}

TEST(BlobTable, a_step_brings_its_own_environment) {
  BlobTable table;
  core::StepStarted step{};
  step.request.environment = hash(2);
  offer(table, hash(2), "A=b");
  EXPECT_EQ(table.learn(step).size(), 1U);
  EXPECT_TRUE(table.learn(step).empty());
}

TEST(BlobTable, over_the_limit_what_was_not_needed_for_longest_leaves) {
  const std::string text(1000, 'x');
  BlobTable table(3000);
  table.fill(hash(1), bytes(text));
  table.fill(hash(2), bytes(text));
  EXPECT_NE(table.find(hash(1)), nullptr);
  table.fill(hash(3), bytes(text));
  EXPECT_EQ(table.find(hash(2)), nullptr);
  EXPECT_NE(table.find(hash(1)), nullptr);
  EXPECT_NE(table.find(hash(3)), nullptr);
  EXPECT_EQ(table.size(), 2U);
}

TEST(BlobTable, content_that_fell_out_is_handed_on_again_with_its_next_job) {
  BlobTable table(600);
  offer(table, hash(1), "script");
  table.learn(submitted(1, hash(1), Hash{}));
  table.fill(hash(2), bytes(std::string(500, 'x')));
  ASSERT_EQ(table.find(hash(1)), nullptr);
  offer(table, hash(1), "script");
  EXPECT_EQ(table.learn(submitted(2, hash(1), Hash{})).size(), 1U);
}

TEST(BlobTable, content_that_the_store_drops_is_handed_on_again) {
  BlobTable table;
  offer(table, hash(1), "script");
  table.learn(submitted(1, hash(1), Hash{}));
  table.forget(hash(1));
  table.forget(hash(2));
  offer(table, hash(1), "script");
  EXPECT_EQ(table.learn(submitted(2, hash(1), Hash{})).size(), 1U);
}

TEST(BlobTable, content_larger_than_the_limit_stays_until_the_next) {
  BlobTable table(10);
  table.fill(hash(1), bytes("more than ten bytes"));
  EXPECT_NE(table.find(hash(1)), nullptr);
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
