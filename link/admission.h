// How many connections a daemon takes: all together, and of one user. Without a limit one user's
// idle connections would use up the descriptors that everybody needs.
#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include "common/result.h"
#include "platform/loop.h"

namespace cox::link {

class Admission {
 public:
  /// One connection's place; given back when the last holder drops it.
  using Seat = std::shared_ptr<void>;

  /// Half of `connections_max` may be of one user, root and ourselves apart.
  explicit Admission(std::size_t connections_max);

  /// error: refused, with the limit
  Result<Seat> take(const platform::Stream::Credentials& peer);
  /// For one that is refused and must be told: null when too many are being told already.
  Seat take_farewell();

  std::size_t taken() const { return counts_->all; }

 private:
  struct Counts {
    std::size_t all = 0, farewells = 0;
    std::map<std::uint32_t, std::size_t> of_user;  // where the kernel vouches for it
  };

  std::size_t connections_max_;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace cox::link
