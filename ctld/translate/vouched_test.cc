// A node speaks for its ordinary users; for root only where the site allows it.
#include "ctld/translate/vouched.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "wire/client.pb.h"

namespace cox::ctld {
namespace {

constexpr Uid own = 990;

std::string frame(std::optional<Uid> uid, std::optional<Uid> gid = 100) {
  wire::Vouched vouched;
  if (uid) vouched.set_uid(*uid);
  if (gid) vouched.set_gid(*gid);
  return vouched.SerializeAsString();
}

class Vouched : public ::testing::Test {
 protected:
  Vouched() { state_.index.node_by_name["n1"] = NodeId{}; }

  Result<Caller> take(const std::string& bytes, bool root_from_nodes, const char* node = "n1") {
    return translate_vouched(bytes, node, state_, {own, root_from_nodes});
  }

 private:
  core::State state_;
};

TEST_F(Vouched, an_ordinary_user_is_who_the_node_says) {
  for (const bool root_from_nodes : {false, true}) {
    const auto caller = take(frame(1001), root_from_nodes);
    ASSERT_TRUE(caller) << caller.error().message;
    EXPECT_EQ(caller->uid, 1001U);
    EXPECT_EQ(caller->gid, 100U);
    EXPECT_EQ(caller->role, Role::user);
  }
}

TEST_F(Vouched, root_and_the_controllers_user_need_the_sites_word) {
  for (const Uid uid : {Uid{0}, own}) {
    const auto allowed = take(frame(uid), true);
    ASSERT_TRUE(allowed) << allowed.error().message;
    EXPECT_EQ(allowed->role, Role::administrator);
    const auto refused = take(frame(uid), false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::not_permitted);
    EXPECT_EQ(refused.error().message, "node n1 may not speak for uid " + std::to_string(uid) +
                                           " (see: root_from_nodes in man coxswain.toml)");
  }
}

TEST_F(Vouched, a_frame_that_leaves_a_number_out_is_not_root) {
  constexpr auto nobody = std::numeric_limits<Uid>::max();
  for (const std::string& bytes : {std::string(), frame(std::nullopt), frame(1001, std::nullopt),
                                   frame(nobody), frame(1001, nobody), std::string("\xff\xff")}) {
    const auto caller = take(bytes, true);
    ASSERT_FALSE(caller);
    EXPECT_EQ(caller.error().code, Code::bad_usage);
  }
}

TEST_F(Vouched, a_node_that_never_registered_speaks_for_nobody) {
  const auto caller = take(frame(1001), true, "n2");
  ASSERT_FALSE(caller);
  EXPECT_EQ(caller.error().message, "node n2 is not registered here");
}

}  // namespace
}  // namespace cox::ctld
