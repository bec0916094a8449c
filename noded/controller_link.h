// The connection to the controller: made again for ever, with waits that grow and differ from node
// to node, so that thousands of nodes do not come back in the same instant.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "link/link.h"
#include "noded/log.h"
#include "platform/address.h"
#include "platform/loop.h"

namespace cox::noded {

struct ControllerEvents {
  std::function<void()> opened;
  std::function<void(std::vector<std::string>)> frames;
  std::function<void()> closed;
};

class ControllerLink {
 public:
  ControllerLink(platform::Loop& loop,
                 const Log& log,
                 platform::Address address,
                 link::Trust trust,
                 std::string name,
                 ControllerEvents events);

  void start();

  bool is_open() const { return link_ != nullptr; }

  /// Dropped when not connected.
  void send(std::string_view message);

  /// The registration was accepted: the next loss starts with the shortest wait again.
  void accepted() { failures_ = 0; }

  /// Gives the connection up; another try follows.
  void give_up(const std::string& why);

 private:
  void connected(Result<std::shared_ptr<link::Link>> link);
  void lost(const std::string& why);
  Duration pause();

  platform::Loop& loop_;
  const Log& log_;
  platform::Address address_;
  link::Trust trust_;
  std::string name_;
  ControllerEvents events_;
  std::shared_ptr<link::Link> link_;
  std::vector<std::shared_ptr<link::Link>> retired_;  // until their callbacks have returned
  unsigned failures_ = 0;
};

}  // namespace cox::noded
