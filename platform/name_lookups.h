// What an address means, without keeping the loop from its work.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/result.h"
#include "platform/loop.h"
#include "platform/socket.h"

namespace cox::platform {

class NameLookups {
 public:
  using Found = std::function<void(Result<std::vector<SocketAddress>>)>;

  explicit NameLookups(Loop& loop) : loop_(loop) {}

  /// Waits for what is being asked.
  ~NameLookups();
  NameLookups(const NameLookups&) = delete;
  NameLookups& operator=(const NameLookups&) = delete;

  /// `found` runs once: a number is known at once, but an error too is told from the loop only.
  void find(const Address& address, Found found);

 private:
  void ask(const Address& address, Found found);

  Loop& loop_;
  std::unordered_map<std::uint64_t, std::thread> threads_;
  std::uint64_t last_ = 0;
};

}  // namespace cox::platform
