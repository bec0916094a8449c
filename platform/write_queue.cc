// Small writes are gathered, so that a turn's many frames are few buffers.
#include "platform/write_queue.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <utility>

namespace cox::platform {
namespace {

constexpr std::size_t piece_bytes = 64U << 10;
constexpr std::size_t pieces_per_write = 64;

}  // namespace

void WriteQueue::add(std::string bytes) {
  if (bytes.size() < piece_bytes / 4) return gather(bytes);
  bytes_ += bytes.size();
  pieces_.push_back(std::move(bytes));
}

void WriteQueue::gather(std::string_view bytes) {
  bytes_ += bytes.size();
  if (pieces_.empty() || pieces_.back().size() + bytes.size() > piece_bytes) {
    pieces_.emplace_back();
  }
  pieces_.back().append(bytes);
}

int WriteQueue::write_to(int fd) {
  while (!pieces_.empty()) {
    std::array<iovec, pieces_per_write> buffers{};
    std::size_t used = 0;
    for (auto& text : pieces_) {
      if (used == buffers.size()) break;
      const auto skip = used == 0 ? head_done_ : 0;
      buffers[used++] = {text.data() + skip, text.size() - skip};
    }
    msghdr message{};
    message.msg_iov = buffers.data();
    message.msg_iovlen = used;
    const auto count = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    take_written(static_cast<std::size_t>(count));
  }
  return 0;
}

void WriteQueue::take_written(std::size_t count) {
  bytes_ -= count;
  count += head_done_;
  while (!pieces_.empty() && count >= pieces_.front().size()) {
    count -= pieces_.front().size();
    pieces_.pop_front();
  }
  head_done_ = count;
}

void WriteQueue::clear() {
  pieces_.clear();
  bytes_ = head_done_ = 0;
}

}  // namespace cox::platform
