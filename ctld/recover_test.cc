// A checkpoint that cannot be understood: the journal is enough when it is whole, and a controller
// that would lose something does not start but says what to do.
#include <gtest/gtest.h>

#include "ctld/fake_world.h"
#include "ctld/store/chunk_codec.h"

namespace cox::ctld {
namespace {

/// State up to fact `sequence`, with nothing legible in its header.
class Holed final : public CheckpointStore {
 public:
  explicit Holed(std::uint64_t sequence) : sequence_(sequence) {}

  std::uint64_t sequence() const override { return sequence_; }

  Result<void> load(const Visitor& visit) override { return visit({header_chunk, "torn", true}); }

  Result<void> put(const std::vector<Chunk>&) override { return {}; }

  Result<void> make_valid(std::uint64_t) override { return {}; }

  Result<bool> clean(std::size_t) override { return true; }

  Result<void> abandon() override { return {}; }

 private:
  std::uint64_t sequence_;
};

class Recovery : public ::testing::Test {
 protected:
  /// A node and what it led to; the number of the last fact.
  std::uint64_t live() {
    FakeWorld world(store_);
    world.join("n1");
    world.join("n2");
    return world.controller().machine().last_sequence();
  }

  MemoryStore store_;
};

TEST_F(Recovery, a_checkpoint_with_a_hole_costs_nothing_while_the_journal_is_whole) {
  Holed checkpoint(live());
  FakeWorld world(store_, nullptr, &checkpoint);
  ASSERT_TRUE(world.recovered());
  EXPECT_TRUE(world.controller().is_checkpoint_bad());
  EXPECT_EQ(world.state().record.nodes.size(), 2U);
}

TEST_F(Recovery, what_a_cut_journal_does_not_tell_is_not_silently_forgotten) {
  const std::uint64_t last = live();
  Holed checkpoint(last);
  ASSERT_TRUE(store_.cut(last, 1000));
  const FakeWorld world(store_, nullptr, &checkpoint);
  ASSERT_FALSE(world.recovered());
  const std::string& message = world.recovered().error().message;
  EXPECT_NE(message.find("state.db: its header fails its checksum"), std::string::npos) << message;
  EXPECT_NE(message.find("Put back a copy of /state"), std::string::npos) << message;
}

}  // namespace
}  // namespace cox::ctld
