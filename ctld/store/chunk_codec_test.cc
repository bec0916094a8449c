// Chunks come back as they were; a damaged record costs what it held and nothing else.
#include "ctld/store/chunk_codec.h"

#include <gtest/gtest.h>

#include "ctld/store/fact_codec.h"
#include "ctld/store/job_codec.h"
#include "testsuite/support/random_life.h"

namespace cox::ctld {
namespace {

core::Record some_record() {
  testing::RandomLife life(3);
  for (int i = 0; i < 60; ++i) life.event();
  return life.cluster.state.record;
}

void take(RecordLoader& loader, const Chunk& chunk) {
  loader.take({chunk.key, chunk.body, true});
}

void take_all(RecordLoader& loader, const core::Record& record) {
  take(loader, encode_chunk(record, header_chunk));
  take(loader, encode_chunk(record, {ChunkKind::classes, 0}));
  take(loader, encode_chunk(record, {ChunkKind::nodes, 0}));
}

TEST(ChunkCodec, everything_of_a_record_comes_back) {
  const core::Record record = some_record();
  RecordLoader loader;
  take_all(loader, record);
  take(loader, encode_chunk(record, {ChunkKind::jobs, 0}));
  const auto again = loader.finish();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*again == record);
}

TEST(ChunkCodec, every_job_of_a_random_life_comes_back_the_same) {
  for (std::uint64_t seed = 11; seed <= 15; ++seed) {
    testing::RandomLife life(seed);
    for (int i = 0; i < 200; ++i) life.event();
    const core::Record& record = life.cluster.state.record;
    RecordLoader loader;
    take_all(loader, record);
    for (core::JobPage page = 0; page < record.jobs.pages_end(); ++page) {
      take(loader, encode_chunk(record, {ChunkKind::jobs, page}));
    }
    const auto again = loader.finish();
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->jobs == record.jobs) << "seed " << seed;
    EXPECT_TRUE(core::rebuild_index(*again) == life.cluster.state.index) << "seed " << seed;
  }
}

TEST(ChunkCodec, what_jobs_have_in_common_is_shared_again_and_a_missing_part_is_damage) {
  testing::Cluster cluster;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(cluster.submit(testing::job().minutes(i + 1)));
  const core::Record& record = cluster.state.record;
  RecordLoader loader;
  take_all(loader, record);
  take(loader, encode_chunk(record, {ChunkKind::jobs, 0}));
  const auto again = loader.finish();
  ASSERT_TRUE(again);
  const auto common = [&again](std::uint64_t id) {
    return again->jobs.at(JobId{id}).request.common;
  };
  EXPECT_TRUE(common(1).is_same(common(3)));
  EXPECT_TRUE(again->jobs.at(JobId{1}).run.is_blank());

  std::string bytes;
  encode_job(record.jobs.at(JobId{1}), 7, &bytes);
  JobDecoder decoder;
  const auto read = decoder.decode(bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "common 7 is missing");
}

TEST(ChunkCodec, a_chunk_of_nothing_has_no_body) {
  EXPECT_TRUE(encode_chunk(some_record(), {ChunkKind::jobs, 9}).body.empty());
  EXPECT_TRUE(encode_chunk(some_record(), {ChunkKind::nodes, 9}).body.empty());
}

TEST(ChunkCodec, a_damaged_job_is_named_and_the_others_are_there) {
  const core::Record record = some_record();
  Chunk chunk = encode_chunk(record, {ChunkKind::jobs, 0});
  chunk.body.back() = static_cast<char>(~chunk.body.back());  // the last record's last byte
  RecordLoader loader;
  take_all(loader, record);
  take(loader, chunk);
  ASSERT_EQ(loader.damages().size(), 1U);
  const std::uint64_t last = record.next_job.value - 1;
  EXPECT_EQ(loader.damages()[0].ids, std::vector<std::uint64_t>{last});
  const auto again = loader.finish();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->jobs.size(), record.jobs.size() - 1);
}

TEST(ChunkCodec, where_the_contents_are_unknown_every_id_of_the_chunk_is_suspect) {
  const core::Record record = some_record();
  RecordLoader loader;
  take_all(loader, record);
  loader.take({{ChunkKind::jobs, 2}, {}, false});
  ASSERT_EQ(loader.damages().size(), 1U);
  EXPECT_EQ(loader.damages()[0].ids.size(), 256U);
  EXPECT_EQ(loader.damages()[0].ids.front(), 512U);
}

TEST(ChunkCodec, a_fleet_with_a_hole_is_an_error) {
  const core::Record record = some_record();
  RecordLoader loader;
  take_all(loader, record);
  loader.take({{ChunkKind::nodes, 0}, {}, false});
  const auto again = loader.finish();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "state.db: nodes 0: cannot be read");
}

/// SlinkyProject/slurm-operator#138: a partition was removed that a finished job named.
TEST(Trap12, an_ended_job_of_a_partition_that_is_gone_is_read_back) {
  core::Record record = some_record();
  record.settings.partitions.resize(1);
  record.settings.partitions[0].name = "another";
  RecordLoader loader;
  take_all(loader, record);
  take(loader, encode_chunk(record, {ChunkKind::jobs, 0}));
  const auto again = loader.finish();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*again == record);
  core::State state;
  state.index = core::rebuild_index(*again);
  state.record = *again;
  EXPECT_TRUE(core::ledger_faults(state).empty());
}

/// ROCm/spur#753: job ids outgrew the 32 bits of a database.
TEST(Trap20, ids_over_32_bits_pass_through_journal_and_checkpoint) {
  const JobId large{0x1'0000'0005};
  std::string bytes;
  encode_fact(core::JobHeld{large, Instant{1}, Hold::by_user, "why"}, &bytes);
  EXPECT_EQ(std::get<core::JobHeld>(*decode_fact(bytes)).job, large);
  EXPECT_EQ(job_of_record(bytes), large);
  EXPECT_EQ(chunk_of(large).number * jobs_per_chunk + 5, large.value);
  core::Job job;
  job.id = large;
  bytes.clear();
  encode_job(job, 0, &bytes);
  EXPECT_EQ(JobDecoder().decode(bytes)->id, large);
  core::Record record = some_record();
  record.next_job = JobId{large.value + 1};
  RecordLoader loader;
  take_all(loader, record);
  take(loader, encode_chunk(record, {ChunkKind::jobs, 0}));
  const auto again = loader.finish();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->next_job.value, 0x1'0000'0006U);
  EXPECT_TRUE(*again == record);
}

}  // namespace
}  // namespace cox::ctld
