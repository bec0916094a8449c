// Signals that the controller ordered: each once, and none before the programs run.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "model/ids.h"

namespace cox::stepd {

class OrderedSignals {
 public:
  struct Order {
    std::int32_t signal = 0;
    bool first_only = false;
    friend bool operator==(const Order&, const Order&) = default;
  };

  /// False where an order of this key came before. An empty key is that of nobody.
  bool is_new(const ClientKey& key) {
    if (key.empty()) return true;
    for (const ClientKey& one : had_) {
      if (one == key) return false;
    }
    had_.push_back(key);
    if (had_.size() > keys_max) had_.pop_front();
    return true;
  }

  void keep(const Order& order) {
    if (kept_.size() < kept_max) kept_.push_back(order);
  }

  /// Those kept, in order.
  std::vector<Order> take_kept() { return std::exchange(kept_, {}); }

 private:
  // A resend comes within moments; between them are no more orders than these.
  static constexpr std::size_t keys_max = 256;
  static constexpr std::size_t kept_max = 256;

  std::deque<ClientKey> had_;
  std::vector<Order> kept_;
};

}  // namespace cox::stepd
