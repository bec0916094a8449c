// Connections as ordered streams that are slow, hang, break, and leave copies of messages behind
// that arrive late, after newer ones and even after the connection is gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "testsuite/faults/rng.h"
#include "testsuite/faults/timeline.h"

namespace cox::faults {

/// In parts of a thousand per message.
struct NetworkFaults {
  std::uint64_t lost = 0;     // this message and all later ones of the stream; then it breaks
  std::uint64_t doubled = 0;  // a copy arrives once more within two seconds, out of order
  std::uint64_t late = 0;     // the stream stands still for up to two seconds
  std::uint64_t stale = 0;    // a message to a node arrives again within two minutes, whatever
                              // connection the node has by then
};

class Network {
 public:
  Network(Timeline& the_timeline, Rng the_rng) : timeline(the_timeline), rng(the_rng) {}

  NetworkFaults faults;
  Timeline& timeline;
  Rng rng;
};

/// One direction of a connection.
class Pipe {
 public:
  using Deliver = std::function<void(std::string)>;

  /// `broken` is called once, some time after the first loss.
  Pipe(Network& network, Deliver deliver, std::function<void()> broken)
      : network_(network), deliver_(std::move(deliver)), broken_(std::move(broken)) {}

  void carry(std::string bytes) {
    if (is_broken_) {
      return;
    }
    auto& rng = network_.rng;
    if (rng.chance(network_.faults.lost, 1000)) {
      is_broken_ = true;
      network_.timeline.after(milliseconds(rng.between(1, 5000)), broken_);
      return;
    }
    Duration delay = microseconds(rng.between(20, 200));
    if (rng.chance(network_.faults.late, 1000)) {
      delay = milliseconds(rng.between(1, 2000));
    }
    const Instant now = network_.timeline.now();
    next_ = std::max(next_ + microseconds(1), now + delay);
    network_.timeline.after(next_ - now, [deliver = deliver_, bytes] { deliver(bytes); });
    if (rng.chance(network_.faults.doubled, 1000)) {
      network_.timeline.after(next_ - now + milliseconds(rng.between(0, 2000)),
                              [deliver = deliver_, bytes] { deliver(bytes); });
    }
  }

  /// Carries nothing from now on, and nobody is told.
  void hang() { is_broken_ = true; }

 private:
  Network& network_;
  Deliver deliver_;
  std::function<void()> broken_;
  Instant next_;
  bool is_broken_ = false;
};

}  // namespace cox::faults
