// One command's connection through its node: frames of the client to the controller, which is told
// first who the client is, and the answers back. Neither side can make the node keep much for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "link/link.h"
#include "platform/address.h"
#include "platform/loop.h"

namespace cox::noded {

/// Where relayed clients are taken, and as which node.
struct RelayPlace {
  platform::Address controller;
  link::Trust trust;
  std::string node;
};

/// What is said before a connection is closed. A reply without a number is about the connection.
std::string refusal_bytes(const Error& error);
void refuse_client(link::Link& client, const Error& error);

class Relay : public std::enable_shared_from_this<Relay> {
 public:
  Relay(platform::Loop& loop, const RelayPlace& place, std::shared_ptr<link::Link> client)
      : loop_(loop), place_(place), client_(std::move(client)) {}

  /// `ended` runs once, from the loop, when both sides are closed: the relay may go then.
  void start(std::function<void()> ended);

 private:
  void connected(Result<std::shared_ptr<link::Link>> link);
  void from_client(std::vector<std::string> frames);
  void keep_pace();
  void end();

  platform::Loop& loop_;
  const RelayPlace& place_;
  std::shared_ptr<link::Link> client_, controller_;
  std::vector<std::string> held_;  // of the client, until the controller is there
  std::function<void()> ended_;
  bool is_over_ = false;
  bool is_looking_again_ = false;
};

}  // namespace cox::noded
