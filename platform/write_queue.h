// Bytes that wait to be written to a socket, in few pieces.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace cox::platform {

class WriteQueue {
 public:
  /// Long texts are taken over, short ones gathered.
  void add(std::string bytes);
  void gather(std::string_view bytes);
  /// Writes what the socket takes now; 0, or the errno that stopped it: EAGAIN when it is full.
  int write_to(int fd);
  void clear();

  bool is_empty() const { return pieces_.empty(); }

  std::size_t bytes() const { return bytes_; }

 private:
  void take_written(std::size_t count);

  std::deque<std::string> pieces_;
  std::size_t head_done_ = 0;  // bytes of the first piece already written
  std::size_t bytes_ = 0;
};

}  // namespace cox::platform
