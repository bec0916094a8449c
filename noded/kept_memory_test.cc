// A restarted daemon is the same node as long as the machine has what it reported.
#include "noded/kept_memory.h"

#include <gtest/gtest.h>

namespace cox::noded {
namespace {

using Memory = std::vector<std::int64_t>;

Memory kept(const Memory& before, const Memory& now) {
  return kept_memory(kept_memory_text("boot class", before), "boot class", now);
}

TEST(KeptMemory, memory_found_later_does_not_change_the_node) {
  EXPECT_EQ(kept({1000, 1000}, {1000, 4000}), (Memory{1000, 1000}));
}

TEST(KeptMemory, a_little_less_is_the_same_and_much_less_is_told) {
  EXPECT_EQ(kept({1000}, {951}), Memory{1000});
  EXPECT_EQ(kept({1000}, {500}), Memory{500});
}

TEST(KeptMemory, another_boot_or_another_shape_begins_anew) {
  EXPECT_EQ(kept_memory(kept_memory_text("boot class", {10}), "later class", {20}), Memory{20});
  EXPECT_EQ(kept({1000, 1000}, {3000}), Memory{3000});
  EXPECT_EQ(kept({1000}, {3000, 3000}), (Memory{3000, 3000}));
}

TEST(KeptMemory, a_damaged_file_counts_as_none) {
  for (const char* text :
       {"", "boot class", "boot class\t", "boot class\tx\n", "boot class\t1 2 3"}) {
    EXPECT_EQ(kept_memory(text, "boot class", {7}), Memory{7}) << text;
  }
}

}  // namespace
}  // namespace cox::noded
