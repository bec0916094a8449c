// Two channels face to face: every handshake, every split of the bytes, every kind of tampering.
#include "wire/channel.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

namespace cox::wire {
namespace {

/// MUNGE without the daemon: a credential is a ticket that only the named uid may cash.
class TicketBooth : public CredentialSource {
 public:
  TicketBooth(std::map<std::string, std::pair<std::uint32_t, std::string>>* tickets,
              std::uint32_t uid)
      : tickets_(tickets), uid_(uid) {}

  Result<std::string> encode(std::string_view payload, std::uint32_t only_uid) override {
    const auto ticket = "ticket " + std::to_string(tickets_->size());
    (*tickets_)[ticket] = {only_uid, std::string(payload)};
    return ticket;
  }

  Result<Decoded> decode(std::string_view credential) override {
    const auto found = tickets_->find(std::string(credential));
    if (found == tickets_->end()) return fail(Code::not_permitted, "invalid credential");
    if (found->second.first != uid_) return fail(Code::not_permitted, "not for this uid");
    return Decoded{found->second.second, 1234, 5678};
  }

 private:
  std::map<std::string, std::pair<std::uint32_t, std::string>>* tickets_;
  std::uint32_t uid_;
};

ChannelOptions options(AuthKind auth, char nonce) {
  ChannelOptions options;
  options.auth = auth;
  options.nonce = std::string(32, nonce);
  if (auth == AUTH_KEY) options.key = std::string(32, 'K');
  return options;
}

/// A pair of channels and what went over between them.
struct Pair {
  Channel a;  // connecting
  Channel b;  // accepting
  std::vector<std::string> at_a, at_b;
  Result<void> good_a, good_b;

  Pair(ChannelOptions from, ChannelOptions to)
      : a(Channel::connecting(std::move(from))), b(Channel::accepting(std::move(to))) {}

  explicit Pair(AuthKind auth = AUTH_KEY) : Pair(options(auth, 'a'), options(auth, 'b')) {}

  void to_b(std::string_view bytes) { good_b = b.receive(bytes, &at_b); }

  void to_a(std::string_view bytes) { good_a = a.receive(bytes, &at_a); }

  void settle() {
    while (a.has_output() || b.has_output()) {
      if (a.has_output()) to_b(a.take_output());
      if (b.has_output()) to_a(b.take_output());
    }
  }
};

TEST(Channel, opens_with_each_kind_of_proof) {
  for (const auto auth : {AUTH_PEERCRED, AUTH_KEY}) {
    Pair pair(auth);
    pair.settle();
    EXPECT_TRUE(pair.a.is_open());
    EXPECT_TRUE(pair.b.is_open());
    EXPECT_EQ(pair.b.peer().auth, auth);
    EXPECT_EQ(pair.b.peer().kind, PEER_CLIENT);
    EXPECT_EQ(pair.a.peer().kind, PEER_DAEMON);
    EXPECT_EQ(pair.b.peer().protocol, protocol_version);
  }
}

TEST(Channel, tells_who_the_peer_is) {
  auto from = options(AUTH_PEERCRED, 'a');
  from.kind = PEER_NODE;
  from.name = "n007";
  auto to = options(AUTH_PEERCRED, 'b');
  to.uid = 1000;
  to.gid = 100;
  Pair pair(from, to);
  pair.settle();
  EXPECT_EQ(pair.b.peer().name, "n007");
  EXPECT_EQ(pair.b.peer().uid, 1000U);
  EXPECT_EQ(pair.b.peer().gid, 100U);
}

TEST(Channel, keeps_what_is_sent_before_it_is_open) {
  for (const auto auth : {AUTH_PEERCRED, AUTH_KEY}) {
    Pair pair(auth);
    pair.a.send("early");
    pair.b.send("bird");
    pair.settle();
    EXPECT_EQ(pair.at_b, std::vector<std::string>{"early"});
    EXPECT_EQ(pair.at_a, std::vector<std::string>{"bird"});
  }
}

TEST(Channel, a_request_over_peer_credentials_goes_with_the_proof) {
  Pair pair(AUTH_PEERCRED);
  pair.a.send("request");
  pair.to_b(pair.a.take_output());
  pair.to_a(pair.b.take_output());
  EXPECT_TRUE(pair.a.is_open());
  pair.to_b(pair.a.take_output());
  EXPECT_EQ(pair.at_b, std::vector<std::string>{"request"});
}

TEST(Channel, delivers_the_same_frames_however_the_bytes_are_split) {
  EXPECT_TRUE(rc::check([] {
    Pair pair(*rc::gen::element(AUTH_PEERCRED, AUTH_KEY));
    const auto payloads = *rc::gen::arbitrary<std::vector<std::string>>();
    for (const auto& payload : payloads) pair.a.send(payload);
    while (pair.a.has_output() || pair.b.has_output()) {
      std::string bytes = pair.a.take_output();
      while (!bytes.empty()) {
        const auto piece = *rc::gen::inRange<std::size_t>(1, bytes.size() + 1);
        pair.to_b(bytes.substr(0, piece));
        RC_ASSERT(pair.good_b.has_value());
        bytes.erase(0, piece);
      }
      for (const char c : pair.b.take_output()) pair.to_a(std::string_view(&c, 1));
      RC_ASSERT(pair.good_a.has_value());
    }
    RC_ASSERT(pair.at_b == payloads);
  }));
}

TEST(Channel, carries_the_largest_frame_and_no_larger) {
  Pair pair;
  pair.settle();
  const std::string large(frame_bytes_max, 'x');
  pair.a.send(large);
  const auto bytes = pair.a.take_output();
  for (std::size_t at = 0; at < bytes.size(); at += 1U << 18U) {
    pair.to_b(std::string_view(bytes).substr(at, 1U << 18U));
    ASSERT_TRUE(pair.good_b);
  }
  ASSERT_EQ(pair.at_b.size(), 1U);
  EXPECT_EQ(pair.at_b[0], large);
  EXPECT_TRUE(pair.a.status());
  pair.a.send(large + "x");
  EXPECT_EQ(pair.a.status().error().message,
            "a message of 67108865 bytes is over the limit of 67108864");
  EXPECT_FALSE(pair.a.has_output());
}

TEST(Channel, refuses_a_large_frame_at_its_head) {
  Pair pair;
  pair.settle();
  pair.to_b(std::string("\x01\x00\x00\x04", 4));
  EXPECT_EQ(pair.good_b.error().message, "a frame of 67108865 bytes is over the limit of 67108864");
}

TEST(Channel, takes_little_from_a_stranger) {
  Pair pair;
  pair.to_b(std::string("\x01\x40\x00\x00", 4));
  EXPECT_EQ(pair.good_b.error().message, "a frame of 16385 bytes is over the limit of 16384");
  EXPECT_FALSE(pair.b.receive("more", &pair.at_b));
}

/// One frame from a to b, as bytes.
std::string frame_of(Pair& pair, std::string_view payload) {
  pair.a.send(payload);
  return pair.a.take_output();
}

TEST(Channel, refuses_a_frame_that_comes_twice) {
  Pair pair;
  pair.settle();
  const auto frame = frame_of(pair, "cancel job 1");
  pair.to_b(frame);
  ASSERT_TRUE(pair.good_b);
  pair.to_b(frame);
  EXPECT_FALSE(pair.good_b);
  EXPECT_EQ(pair.at_b.size(), 1U);
}

TEST(Channel, refuses_frames_out_of_order_or_left_out) {
  Pair pair;
  pair.settle();
  const auto first = frame_of(pair, "first");
  const auto second = frame_of(pair, "second");
  pair.to_b(second + first);
  EXPECT_FALSE(pair.good_b);
  EXPECT_TRUE(pair.at_b.empty());
}

TEST(Channel, refuses_a_frame_turned_back_to_its_sender) {
  Pair pair;
  pair.settle();
  pair.to_a(frame_of(pair, "mine"));
  EXPECT_FALSE(pair.good_a);
}

TEST(Channel, refuses_a_frame_of_another_connection) {
  Pair one;
  auto from = options(AUTH_KEY, 'c');
  Pair two(from, options(AUTH_KEY, 'd'));
  one.settle();
  two.settle();
  two.to_b(frame_of(one, "x"));
  EXPECT_FALSE(two.good_b);
}

TEST(Channel, refuses_a_session_played_again) {
  Pair pair;
  std::string heard;
  pair.a.send("submit");
  while (pair.a.has_output() || pair.b.has_output()) {
    const auto bytes = pair.a.take_output();
    heard += bytes;
    pair.to_b(bytes);
    pair.to_a(pair.b.take_output());
  }
  ASSERT_EQ(pair.at_b.size(), 1U);
  auto again = Channel::accepting(options(AUTH_KEY, 'z'));  // another nonce
  std::vector<std::string> frames;
  EXPECT_FALSE(again.receive(heard, &frames));
  EXPECT_TRUE(frames.empty());
}

TEST(Channel, one_flipped_bit_anywhere_is_never_taken_for_a_frame) {
  EXPECT_TRUE(rc::check([] {
    Pair pair;
    pair.settle();
    auto bytes = frame_of(pair, "drain node n1") + frame_of(pair, "second");
    const auto bit = *rc::gen::inRange<std::size_t>(0, bytes.size() * 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    pair.to_b(bytes);
    // A changed length may leave the channel waiting; it must not deliver anything changed.
    RC_ASSERT(pair.at_b.size() < 2);
    if (!pair.at_b.empty()) RC_ASSERT(pair.at_b[0] == "drain node n1");
  }));
}

TEST(Channel, one_flipped_bit_in_a_handshake_never_opens_both_ends) {
  EXPECT_TRUE(rc::check([] {
    auto from = options(AUTH_KEY, 'a');
    from.kind = PEER_NODE;
    from.name = "n001";
    Pair pair(from, options(AUTH_KEY, 'b'));
    const int flight = *rc::gen::inRange(0, 4);
    for (int i = 0; i < 4; ++i) {
      auto bytes = i % 2 == 0 ? pair.a.take_output() : pair.b.take_output();
      if (i == flight && !bytes.empty()) {
        const auto bit = *rc::gen::inRange<std::size_t>(0, bytes.size() * 8);
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      }
      i % 2 == 0 ? pair.to_b(bytes) : pair.to_a(bytes);
    }
    RC_ASSERT(!pair.a.is_open() || !pair.b.is_open());
  }));
}

TEST(Channel, a_frame_cut_short_waits_and_is_not_delivered) {
  Pair pair;
  pair.settle();
  auto frame = frame_of(pair, "whole");
  frame.pop_back();
  pair.to_b(frame);
  EXPECT_TRUE(pair.good_b);
  EXPECT_TRUE(pair.at_b.empty());
}

TEST(Channel, another_key_is_refused_and_both_sides_say_so) {
  auto from = options(AUTH_KEY, 'a');
  from.key = std::string(32, 'X');
  Pair pair(from, options(AUTH_KEY, 'b'));
  pair.settle();
  EXPECT_FALSE(pair.a.is_open());
  EXPECT_FALSE(pair.b.is_open());
  EXPECT_EQ(pair.good_b.error().message, "the keys differ");
  EXPECT_EQ(pair.good_a.error().message, "refused: the keys differ");
}

TEST(Channel, does_not_open_to_an_accepting_side_without_the_key) {
  // The false side reads the proof, but can make neither the welcome's proof nor its MAC.
  Pair pair;
  pair.to_b(pair.a.take_output());
  pair.to_a(pair.b.take_output());
  ASSERT_TRUE(pair.a.has_output());
  pair.to_a(std::string("\0\0\0\0", 4) + std::string(16, '\0'));
  EXPECT_FALSE(pair.a.is_open());
  EXPECT_EQ(pair.good_a.error().code, Code::not_permitted);
}

TEST(Channel, is_not_talked_down_to_peer_credentials) {
  Pair pair(options(AUTH_KEY, 'a'), options(AUTH_PEERCRED, 'b'));
  pair.settle();
  EXPECT_FALSE(pair.a.is_open());
  EXPECT_EQ(pair.good_a.error().message,
            "the other side asks for peer credentials, which this side does not offer");
}

TEST(Channel, says_what_proof_is_missing) {
  Pair pair(options(AUTH_PEERCRED, 'a'), options(AUTH_KEY, 'b'));
  pair.settle();
  EXPECT_EQ(pair.good_a.error().message,
            "the other side asks for the cluster's key, which this side does not offer");
}

TEST(Channel, peer_credentials_may_be_assumed_and_a_payload_sent_with_the_hello) {
  auto from = options(AUTH_PEERCRED, 'a');
  from.assumes_peercred = true;
  Pair pair(from, options(AUTH_PEERCRED, 'b'));
  pair.a.send("question");
  pair.to_b(pair.a.take_output());
  ASSERT_EQ(pair.at_b, std::vector<std::string>{"question"});
  pair.b.send("answer");
  pair.settle();
  EXPECT_EQ(pair.at_a, std::vector<std::string>{"answer"});
}

TEST(Channel, who_assumed_peer_credentials_proves_nothing_else) {
  auto from = options(AUTH_KEY, 'a');
  from.assumes_peercred = true;
  Pair pair(from, options(AUTH_KEY, 'b'));
  pair.a.send("question");
  pair.settle();
  EXPECT_TRUE(pair.at_b.empty());
  EXPECT_FALSE(pair.good_a);
}

std::string framed(const std::string& payload) {
  std::string bytes(4, '\0');
  bytes[0] = static_cast<char>(payload.size());
  return bytes + payload;
}

TEST(Channel, another_version_is_refused_with_both_numbers) {
  Hello hello;
  hello.set_protocol_min(4);
  hello.set_protocol_max(5);
  hello.set_kind(PEER_CLIENT);
  hello.set_nonce(std::string(32, 'n'));
  Pair pair;
  pair.to_b(framed(hello.SerializeAsString()));
  EXPECT_EQ(pair.good_b.error().message, "protocol 4 to 5 is not spoken here, only 1 to 3");
  pair.to_a(pair.b.take_output());
  EXPECT_EQ(pair.good_a.error().message,
            "refused: protocol 4 to 5 is not spoken here, only 1 to 3");
}

TEST(Channel, a_newer_peer_that_still_speaks_ours_is_taken) {
  Hello hello;
  hello.set_protocol_min(1);
  hello.set_protocol_max(9);
  hello.set_kind(PEER_CLIENT);
  hello.set_nonce(std::string(32, 'n'));
  Pair pair(AUTH_PEERCRED);
  pair.to_b(framed(hello.SerializeAsString()) + framed(""));
  EXPECT_TRUE(pair.b.is_open());
  EXPECT_EQ(pair.b.peer().protocol, protocol_version);
}

TEST(Channel, an_older_peer_is_taken_with_what_it_speaks) {
  Hello hello;
  hello.set_protocol_min(1);
  hello.set_protocol_max(1);
  hello.set_kind(PEER_CLIENT);
  hello.set_nonce(std::string(32, 'n'));
  Pair pair(AUTH_PEERCRED);
  pair.to_b(framed(hello.SerializeAsString()) + framed(""));
  EXPECT_TRUE(pair.b.is_open());
  EXPECT_EQ(pair.b.peer().protocol, 1U);
}

TEST(Channel, refuses_a_hostile_hello) {
  Hello hello;
  hello.set_protocol_min(1);
  hello.set_protocol_max(1);
  hello.set_kind(PEER_NODE);
  hello.set_nonce(std::string(32, 'n'));
  hello.set_name("n1;reboot");
  Pair named;
  named.to_b(framed(hello.SerializeAsString()));
  EXPECT_EQ(named.good_b.error().message, "'n1;reboot' is no node name");
  hello.set_nonce("x");
  hello.set_name("n1");
  Pair nonce;
  nonce.to_b(framed(hello.SerializeAsString()));
  EXPECT_EQ(nonce.good_b.error().message, "a nonce of 1 bytes, not 32");
  Pair garbage;
  garbage.to_b(framed("\xFF\xFF\xFF"));
  EXPECT_EQ(garbage.good_b.error().message, "the first frame is no hello");
}

TEST(Channel, random_bytes_never_open_it) {
  EXPECT_TRUE(rc::check([] {
    auto channel = Channel::accepting(options(AUTH_KEY, 'b'));
    std::vector<std::string> frames;
    for (const auto& bytes : *rc::gen::arbitrary<std::vector<std::string>>()) {
      if (!channel.receive(bytes, &frames)) break;
      if (!channel.receive(framed(bytes), &frames)) break;
    }
    RC_ASSERT(!channel.is_open());
    RC_ASSERT(frames.empty());
  }));
}

struct MungePair : public ::testing::Test {
  std::map<std::string, std::pair<std::uint32_t, std::string>> tickets;
  TicketBooth client{&tickets, 1234};
  TicketBooth server{&tickets, 0};

  ChannelOptions from() {
    auto from = options(AUTH_MUNGE, 'a');
    from.credentials = &client;
    from.secret = std::string(32, 's');
    from.uid = 1234;
    return from;
  }

  ChannelOptions to() {
    auto to = options(AUTH_MUNGE, 'b');
    to.credentials = &server;
    to.uid = 0;
    return to;
  }
};

TEST_F(MungePair, opens_and_tells_the_uid_that_munge_vouches_for) {
  Pair pair(from(), to());
  pair.a.send("hello");
  pair.settle();
  EXPECT_TRUE(pair.a.is_open());
  EXPECT_EQ(pair.b.peer().uid, 1234U);
  EXPECT_EQ(pair.b.peer().gid, 5678U);
  EXPECT_EQ(pair.at_b, std::vector<std::string>{"hello"});
  EXPECT_EQ(tickets.begin()->second.first, 0U);
}

TEST_F(MungePair, refuses_a_credential_of_an_earlier_connection) {
  Pair pair(from(), to());
  std::string proof;
  pair.to_b(pair.a.take_output());
  pair.to_a(pair.b.take_output());
  proof = pair.a.take_output();
  auto other = to();
  other.nonce = std::string(32, 'q');
  Pair again(from(), other);
  again.to_b(again.a.take_output());
  again.to_b(proof);
  EXPECT_EQ(again.good_b.error().message, "the credential is not of this connection");
  again.to_a(again.b.take_output());
  again.settle();
  EXPECT_FALSE(again.a.is_open());
}

TEST_F(MungePair, says_why_munge_refused) {
  TicketBooth stranger(&tickets, 77);
  auto accepting = to();
  accepting.credentials = &stranger;
  Pair pair(from(), accepting);
  pair.settle();
  EXPECT_EQ(pair.good_a.error().message, "refused: not for this uid");
  EXPECT_FALSE(pair.b.is_open());
}

TEST_F(MungePair, gives_no_credential_to_a_server_of_an_untrusted_user) {
  auto accepting = to();
  accepting.uid = 666;
  Pair pair(from(), accepting);
  pair.settle();
  EXPECT_EQ(pair.good_a.error().message, "the other side runs as uid 666, which is not trusted");
  EXPECT_TRUE(tickets.empty());
  auto trusting = from();
  trusting.server_uid = 666;
  TicketBooth owner(&tickets, 666);
  accepting.credentials = &owner;
  Pair agreed(trusting, accepting);
  agreed.settle();
  EXPECT_TRUE(agreed.a.is_open());
}

TEST(Channel, a_trusted_pair_needs_no_handshake) {
  auto a = Channel::trusted();
  auto b = Channel::trusted();
  a.send("x");
  a.send("");
  std::vector<std::string> frames;
  ASSERT_TRUE(b.receive(a.take_output(), &frames));
  EXPECT_EQ(frames, (std::vector<std::string>{"x", ""}));
}

}  // namespace
}  // namespace cox::wire
