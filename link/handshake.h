// How a handshake begins on either side, and what is logged of those that failed.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "link/link.h"
#include "platform/loop.h"
#include "wire/channel.h"

namespace cox::link {

/// On a Unix socket the kernel says who the peer is; its key is asked for only of users that are
/// neither we nor root nor the owner, where `trust` says so.
wire::ChannelOptions accepting_options(const Trust& trust,
                                       const platform::Stream::Credentials& credentials);
wire::ChannelOptions connecting_options(const Trust& trust, const platform::Stream& stream);

/// At most one line a second, with the number of those that were left out.
class RefusalLog {
 public:
  RefusalLog(platform::Loop& loop, std::function<void(const Error&)> refused)
      : loop_(loop), refused_(std::move(refused)) {}

  void add(Error error);

 private:
  platform::Loop& loop_;
  std::function<void(const Error&)> refused_;
  Duration last_;
  bool told_ = false;
  std::uint64_t left_out_ = 0;
};

}  // namespace cox::link
