// See live.h.
#include "cmds/sim/live.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "cmds/client/session.h"

namespace cox::cmds {
namespace {

Failure memory_error(const std::string& what) {
  return fail(Code::internal, "a file in memory: " + what + ": " + std::strerror(errno));
}

Result<void> append(int fd, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t wrote = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return memory_error("write");
    done += static_cast<std::size_t>(wrote);
  }
  return {};
}

}  // namespace

Result<platform::Descriptor> take_live_cluster(const Parsed& given) {
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  platform::Descriptor file(::memfd_create("live", 0));
  if (file.get() < 0) return memory_error("memfd_create");
  wire::ClientRequest request;
  request.mutable_snapshot();
  // Slices one behind the other are the whole message.
  const auto came = session->ask_in_slices(
      request, [&file](const wire::ClientReply& slice, bool is_first) -> Result<void> {
        if (is_first &&
            (::ftruncate(file.get(), 0) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0)) {
          return memory_error("ftruncate");
        }
        return append(file.get(), slice.live().SerializeAsString());
      });
  if (!came) return Failure(came.error());
  return file;
}

}  // namespace cox::cmds
