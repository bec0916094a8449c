// Nothing leaves before what it saw is on disk, and what leaves keeps its order.
#include "ctld/output_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/client.pb.h"

namespace cox::ctld {
namespace {

class Recorder : public NodeLinks, public ClientLinks {
 public:
  void send(Session, const std::string& payload) override { sent.push_back(payload); }

  void drop(Session) override { sent.emplace_back("drop"); }

  void send(ClientId, const std::string& payload) override { sent.push_back(payload); }

  std::size_t queued_bytes(ClientId) const override { return 0; }

  std::vector<std::string> sent;
};

TEST(OutputQueue, leaves_in_order_up_to_what_is_committed) {
  Recorder links;
  OutputQueue queue(links, links);
  queue.to_client(1, ClientId(1), "a", false);
  queue.to_node(2, Session(1), "b");
  queue.drop_node(2, Session(1));
  queue.to_client(3, ClientId(1), "c", true);
  queue.release(0);
  EXPECT_TRUE(links.sent.empty());
  queue.release(2);
  EXPECT_EQ(links.sent, (std::vector<std::string>{"a", "b", "drop"}));
  EXPECT_FALSE(queue.empty());
  queue.release(3);
  EXPECT_EQ(links.sent.back(), "c");
  EXPECT_TRUE(queue.empty());
}

TEST(OutputQueue, reads_may_leave_early_with_a_notice_and_changes_may_not) {
  Recorder links;
  OutputQueue queue(links, links);
  wire::ClientReply reply;
  reply.set_number(7);
  queue.to_client(5, ClientId(1), "change", false);
  queue.to_client(5, ClientId(1), reply.SerializeAsString(), true);
  queue.release_reads("disk full");
  ASSERT_EQ(links.sent.size(), 1U);
  wire::ClientReply read;
  ASSERT_TRUE(read.ParseFromString(links.sent[0]));
  EXPECT_EQ(read.number(), 7U);
  EXPECT_EQ(read.notice(), "disk full");
  queue.release(5);
  EXPECT_EQ(links.sent.back(), "change");
}

}  // namespace
}  // namespace cox::ctld
