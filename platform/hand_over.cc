// SCM_RIGHTS.
#include "platform/hand_over.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "platform/file.h"

namespace cox::platform {
namespace {

struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * hand_over_descriptors_max)> bytes{};
};

Failure socket_failure(const char* doing, int number) {
  if (number == EAGAIN) return fail(Code::timed_out, std::string(doing) + ": no answer");
  if (number == EPIPE || number == ECONNRESET) {
    return fail(Code::unreachable, std::string(doing) + ": the other process is gone");
  }
  return Failure(system_error(doing, number));
}

void put_descriptors(const std::vector<int>& descriptors, Control* control, msghdr* message) {
  if (descriptors.empty()) return;
  const std::size_t bytes = sizeof(int) * descriptors.size();
  message->msg_control = control->bytes.data();
  message->msg_controllen = CMSG_SPACE(bytes);
  cmsghdr* header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(bytes);
  std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
}

std::vector<Descriptor> descriptors_of(msghdr* message) {
  std::vector<Descriptor> found;
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr;
       header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      found.emplace_back(fd);
    }
  }
  return found;
}

}  // namespace

Result<void> hand_over(int socket, std::string_view bytes, const std::vector<int>& descriptors) {
  if (bytes.empty() || descriptors.size() > hand_over_descriptors_max) {
    return fail(Code::bad_usage, "hand over " + std::to_string(descriptors.size()) +
                                     " files with " + std::to_string(bytes.size()) + " bytes");
  }
  Control control;
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  put_descriptors(descriptors, &control, &message);
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return socket_failure("hand over", errno);
  }
  return {};
}

Result<Handed> take_over(int socket, std::size_t bytes_max) {
  Handed handed;
  handed.bytes.resize(bytes_max);
  Control control;
  iovec part{handed.bytes.data(), handed.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return socket_failure("take over", errno);
  handed.descriptors = descriptors_of(&message);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return fail(Code::bad_usage, "take over: a message of more than " + std::to_string(bytes_max) +
                                     " bytes or too many files");
  }
  handed.bytes.resize(static_cast<std::size_t>(got));
  return handed;
}

}  // namespace cox::platform
