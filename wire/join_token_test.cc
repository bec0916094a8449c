// Tokens: what is made is read again, whatever is changed of one is another's, and a handshake by
// token opens for the holder of its secret alone.
#include "wire/join_token.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/channel.h"

namespace cox::wire {
namespace {

const std::string cluster_key(32, 'k');
const std::string random_bytes(token_random_bytes, 'r');
constexpr Instant until{1'800'000'000'123'456};

TEST(JoinToken, IsReadAsItWasMade) {
  const JoinToken token = make_token(cluster_key, until, random_bytes);
  const auto read = parse_token(token_text(token));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->open, token.open);
  EXPECT_EQ(read->secret, token.secret);
  EXPECT_EQ(token_until(read->open), until);
  EXPECT_EQ(token_secret(cluster_key, read->open), token.secret);
}

TEST(JoinToken, IsAnotherWhereAnythingOfItIs) {
  const JoinToken token = make_token(cluster_key, until, random_bytes);
  EXPECT_NE(token_secret(std::string(32, 'l'), token.open), token.secret);
  for (std::size_t i = 0; i < token.open.size(); ++i) {
    std::string open = token.open;
    open[i] = static_cast<char>(open[i] ^ 1);
    EXPECT_NE(token_secret(cluster_key, open), token.secret);
  }
  for (const std::string& text : {std::string(), std::string("abc"), std::string(112, 'g'),
                                  token_text(token) + "00", token_text(token).substr(1)}) {
    EXPECT_FALSE(parse_token(text)) << text;
  }
  EXPECT_EQ(token_secret(cluster_key, "short"), "");
}

TEST(JoinToken, SealsTheKeyForItsHolder) {
  const JoinToken token = make_token(cluster_key, until, random_bytes);
  const std::string sealed = seal_key(token, cluster_key);
  EXPECT_EQ(sealed.find("kkkk"), std::string::npos);
  EXPECT_EQ(open_key(token, sealed).value_or(""), cluster_key);
  const JoinToken other = make_token(cluster_key, until + seconds(1), random_bytes);
  EXPECT_FALSE(open_key(other, sealed));
  std::string changed = sealed;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  EXPECT_FALSE(open_key(token, changed));
  EXPECT_FALSE(open_key(token, ""));
}

struct Ends {
  Channel client;
  Channel controller;
};

Ends ends_of(const JoinToken& token, bool takes_tokens = true) {
  ChannelOptions connecting;
  connecting.auth = AUTH_KEY;
  connecting.key = token.secret;
  connecting.token = token.open;
  connecting.nonce = std::string(32, 'a');
  ChannelOptions accepting;
  accepting.auth = AUTH_KEY;
  accepting.key = cluster_key;
  accepting.takes_tokens = takes_tokens;
  accepting.nonce = std::string(32, 'b');
  return {Channel::connecting(connecting), Channel::accepting(accepting)};
}

/// The first thing that went wrong at the controller's end, if anything did.
Result<void> shake_hands(Ends& ends) {
  std::vector<std::string> frames;
  Result<void> good;
  for (int i = 0; i < 4; ++i) {
    if (good) good = ends.controller.receive(ends.client.take_output(), &frames);
    static_cast<void>(ends.client.receive(ends.controller.take_output(), &frames));
  }
  return good;
}

TEST(JoinToken, OpensAConnectionThatSaysWhichItWas) {
  const JoinToken token = make_token(cluster_key, until, random_bytes);
  Ends ends = ends_of(token);
  ASSERT_TRUE(shake_hands(ends));
  EXPECT_TRUE(ends.client.is_open());
  EXPECT_TRUE(ends.controller.is_open());
  EXPECT_EQ(ends.controller.peer().token, token.open);
}

TEST(JoinToken, OpensNothingWithoutItsSecretOrWhereTokensAreOfNoUse) {
  JoinToken token = make_token(std::string(32, 'l'), until, random_bytes);
  Ends stranger = ends_of(token);
  const auto refused = shake_hands(stranger);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the token is not of this cluster");
  EXPECT_FALSE(stranger.client.is_open());
  Ends elsewhere = ends_of(make_token(cluster_key, until, random_bytes), false);
  EXPECT_FALSE(shake_hands(elsewhere));
  // The cluster's key itself does not open what a token was shown for.
  token = make_token(cluster_key, until, random_bytes);
  token.secret = cluster_key;
  Ends holder = ends_of(token);
  EXPECT_FALSE(shake_hands(holder));
}

}  // namespace
}  // namespace cox::wire
