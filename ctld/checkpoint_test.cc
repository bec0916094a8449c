// A checkpoint that is taken while State goes on holds one moment of it exactly.
#include "ctld/checkpoint.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>

#include "ctld/store/chunk_codec.h"
#include "ctld/store/memory_checkpoint.h"
#include "testsuite/support/random_life.h"

namespace cox::ctld {
namespace {

using testing::Dice;
using testing::RandomLife;

core::Record loaded_record(MemoryCheckpoint& store) {
  RecordLoader loader;
  EXPECT_TRUE(store.load([&](const FoundChunk& chunk) -> Result<void> {
    loader.take(chunk);
    return {};
  }));
  auto record = loader.finish();
  EXPECT_TRUE(record) << record.error().message;
  EXPECT_TRUE(loader.damages().empty());
  return std::move(*record);
}

/// State, the checkpoints taken of it, and what the open one must hold in the end.
struct Taker {
  core::State state;
  Checkpoint checkpoint;
  MemoryCheckpoint store;
  std::optional<core::Record> expected;
  int taken = 0;

  void learn(const core::Fact& fact) {
    checkpoint.before(state, fact);
    core::evolve(state, fact);
  }

  void begin(std::uint64_t sequence) {
    EXPECT_TRUE(store.abandon());
    checkpoint.begin(state, sequence);
    expected = state.record;
  }

  /// A slice: one chunk, or the end.
  void go_on() {
    checkpoint.step(state);
    EXPECT_TRUE(store.put(checkpoint.take()));
    if (!checkpoint.is_encoded()) return;
    EXPECT_TRUE(store.make_valid(checkpoint.sequence()));
    checkpoint.lasted();
    RC_ASSERT(loaded_record(store) == *expected);
    ++taken;
  }

  void give_up() {
    checkpoint.failed();
    expected.reset();
  }
};

RC_GTEST_PROP(Checkpoint, holds_the_state_of_its_beginning_whatever_happens_meanwhile, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  RandomLife life(seed, seed % 2 == 0 ? "none" : "none turns");
  for (int i = 0; i < 80; ++i) life.event();
  Dice dice(seed ^ 1U);
  Taker taker;
  std::uint64_t sequence = 0;
  for (const core::Fact& fact : life.cluster.journal) {
    taker.learn(fact);
    ++sequence;
    if (!taker.checkpoint.is_open()) {
      if (dice.chance(10)) taker.begin(sequence);
    } else if (dice.chance(3)) {
      taker.give_up();
    } else if (dice.chance(40)) {
      taker.go_on();
    }
  }
  while (taker.checkpoint.is_open()) taker.go_on();
  taker.begin(sequence);
  while (taker.checkpoint.is_open()) taker.go_on();
  RC_ASSERT(loaded_record(taker.store) == taker.state.record);
  RC_ASSERT(core::rebuild_index(loaded_record(taker.store)) == taker.state.index);
}

TEST(Checkpoint, keys_that_a_submit_lets_go_meanwhile_are_in_it_and_not_in_the_next) {
  constexpr Instant at{1'700'000'000'000'000};
  const JobRequest request = testing::job().submit().request;
  Taker taker;
  taker.learn(core::JobSubmitted{JobId{1}, ClientKey{{7, 0}}, at, request});
  taker.learn(core::JobEnded{JobId{1}, Attempt{}, at, JobState::cancelled, 0, 0, {}, {}});
  taker.learn(core::JobsForgotten{at, {JobId{1}}});
  EXPECT_EQ(taker.state.record.forgotten.size(), 1U);
  taker.begin(3);
  const Instant later = at + core::resend_window + seconds(1);
  taker.learn(core::JobSubmitted{JobId{2 + core::resend_jobs}, ClientKey{{8, 0}}, later, request});
  EXPECT_TRUE(taker.state.record.forgotten.empty());
  while (taker.checkpoint.is_open()) taker.go_on();
  EXPECT_EQ(loaded_record(taker.store).forgotten.size(), 1U);
  taker.begin(4);
  while (taker.checkpoint.is_open()) taker.go_on();
  EXPECT_TRUE(loaded_record(taker.store) == taker.state.record);
}

TEST(Checkpoint, writes_only_the_chunks_that_changed) {
  RandomLife life(7);
  for (int i = 0; i < 50; ++i) life.event();
  Taker taker;
  for (const core::Fact& fact : life.cluster.journal) taker.learn(fact);
  taker.begin(1);
  while (taker.checkpoint.is_open()) taker.go_on();
  EXPECT_EQ(taker.checkpoint.dirty(), 0U);
  taker.learn(core::NodeLost{NodeId{0}, Instant{1}, "gone"});
  EXPECT_EQ(taker.checkpoint.dirty(), 1U);
  taker.begin(2);
  taker.checkpoint.step(taker.state);
  const auto chunks = taker.checkpoint.take();
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0].key, header_chunk);
  EXPECT_EQ(chunks[1].key, chunk_of(NodeId{0}));
}

TEST(Checkpoint, what_a_failed_one_held_is_in_the_next) {
  RandomLife life(7);
  for (int i = 0; i < 50; ++i) life.event();
  Taker taker;
  for (const core::Fact& fact : life.cluster.journal) taker.learn(fact);
  const std::size_t dirty = taker.checkpoint.dirty();
  taker.begin(1);
  taker.checkpoint.step(taker.state);
  taker.give_up();
  EXPECT_EQ(taker.checkpoint.dirty(), dirty);
}

}  // namespace
}  // namespace cox::ctld
