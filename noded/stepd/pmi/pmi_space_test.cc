// Keys and values of a step, and which ranks share a node.
#include "noded/stepd/pmi/pmi_space.h"

#include <gtest/gtest.h>

#include "noded/stepd/pmi/pmi_mapping.h"

namespace cox::stepd {
namespace {

TEST(PmiSpace, what_is_put_here_is_seen_there_after_the_exchange) {
  PmiSpace here(1000);
  PmiSpace there(1000);
  ASSERT_TRUE(here.put("a", "1"));
  ASSERT_TRUE(here.put("b", ""));
  ASSERT_TRUE(there.put("c", "three words of it"));
  EXPECT_EQ(*here.get("a"), "1");
  EXPECT_EQ(there.get("a"), nullptr);
  const std::string all = here.take_unsent() + there.take_unsent();
  ASSERT_TRUE(here.merge(all));
  ASSERT_TRUE(there.merge(all));
  for (const PmiSpace* space : {&here, &there}) {
    EXPECT_EQ(*space->get("a"), "1");
    EXPECT_EQ(*space->get("b"), "");
    EXPECT_EQ(*space->get("c"), "three words of it");
  }
  EXPECT_EQ(here.take_unsent(), "") << "nothing is sent twice";
}

TEST(PmiSpace, a_key_that_is_put_again_has_the_new_value) {
  PmiSpace space(1000);
  ASSERT_TRUE(space.put("a", "1"));
  ASSERT_TRUE(space.put("a", "2"));
  EXPECT_EQ(*space.get("a"), "2");
}

TEST(PmiSpace, what_does_not_fit_is_refused_by_name) {
  PmiSpace space(20);
  EXPECT_EQ(space.put("", "x").error().code, Code::bad_usage);
  EXPECT_EQ(space.put(std::string(64, 'k'), "x").error().code, Code::bad_usage);
  EXPECT_EQ(space.put("k", std::string(1024, 'v')).error().code, Code::bad_usage);
  EXPECT_EQ(space.put("a b", "x").error().code, Code::bad_usage);
  EXPECT_EQ(space.put("k", "x\ny").error().code, Code::bad_usage);
  ASSERT_TRUE(space.put("first", "0123456789"));
  const auto full = space.put("second", "0123456789");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "key second: no room beside the 15 bytes of keys and values");
  EXPECT_TRUE(space.put("first", "012345678901234")) << "what it replaces makes room";
}

TEST(PmiSpace, bytes_that_are_no_keys_are_refused) {
  PmiSpace space(1000);
  EXPECT_FALSE(space.merge("x"));
  EXPECT_FALSE(space.merge(std::string(8, '\0')));
  EXPECT_FALSE(space.merge(std::string("\x05\0\0\0\xff\0\0\0ab", 10)));
  EXPECT_TRUE(space.merge(""));
}

// The examples of flux-framework RFC 13.
TEST(PmiMapping, is_written_as_mpich_reads_it) {
  EXPECT_EQ(process_mapping({0, 0, 1, 1}), "(vector,(0,2,2))");
  EXPECT_EQ(process_mapping({0, 1, 0, 1}), "(vector,(0,2,1),(0,2,1))");
  EXPECT_EQ(process_mapping({0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}), "(vector,(0,2,2),(2,2,4))");
  EXPECT_EQ(process_mapping({0}), "(vector,(0,1,1))");
  EXPECT_EQ(process_mapping({0, 0, 0, 1}), "(vector,(0,1,3),(1,1,1))");
}

TEST(PmiMapping, is_left_out_where_it_would_be_longer_than_a_value) {
  std::vector<std::uint32_t> uneven;
  for (std::uint32_t node = 0; node < 200; ++node) {
    uneven.insert(uneven.end(), 1 + node % 2, node);
  }
  EXPECT_EQ(process_mapping(uneven), "");
  std::vector<std::uint32_t> even;
  for (std::uint32_t node = 0; node < 4096; ++node) {
    even.insert(even.end(), 16, node);
  }
  EXPECT_EQ(process_mapping(even), "(vector,(0,4096,16))");
}

}  // namespace
}  // namespace cox::stepd
