// Sockets of tasks. Requests and answers alternate, so that a queue of answers only grows for a
// task that sends and never reads: it is ended before that costs us memory.
#include "noded/stepd/pmi/pmi_sockets.h"

#include <sys/socket.h>

#include <cerrno>

#include "platform/file.h"

namespace cox::stepd {
namespace {

constexpr std::size_t answers_bytes_max = std::size_t{1} << 20;

}  // namespace

Result<std::unique_ptr<PmiSockets>> PmiSockets::open(platform::Loop& loop,
                                                     PmiStep step,
                                                     PmiServer::Out out) {
  std::unique_ptr<PmiSockets> sockets(new PmiSockets());
  const auto tasks = static_cast<std::uint32_t>(step.ranks.size());
  sockets->out_ = out;
  sockets->node_ = step.node;
  out.send = [raw = sockets.get()](std::uint32_t local, std::string bytes) {
    raw->send(local, std::move(bytes));
  };
  sockets->server_ = std::make_unique<PmiServer>(std::move(step), std::move(out));
  for (std::uint32_t local = 0; local < tasks; ++local) {
    if (auto added = sockets->add(loop, local); !added) {
      return Failure(added.error());
    }
  }
  return sockets;
}

Result<void> PmiSockets::add(platform::Loop& loop, std::uint32_t local) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Failure(platform::system_error("make a pair of sockets for pmi", errno));
  }
  task_ends_.emplace_back(ends[1]);
  auto stream = loop.adopt(ends[0]);
  if (!stream) {
    return Failure(stream.error());
  }
  (*stream)->on_closed([this, local](const Error&) { server_->closed(local); });
  (*stream)->on_bytes([this, local](std::string_view bytes) { server_->take(local, bytes); });
  streams_.push_back(std::move(*stream));
  return {};
}

void PmiSockets::send(std::uint32_t local, std::string bytes) {
  platform::Stream& stream = *streams_[local];
  if (stream.queued_bytes() > answers_bytes_max) {
    stream.pause_reading(true);
    out_.broken("a task on " + node_ + " does not read the answers to its pmi requests");
    return;
  }
  stream.write(std::move(bytes));
}

std::vector<std::string> pmi_environment(const PmiStep& step, std::uint32_t rank, int descriptor) {
  return {"PMI_FD=" + std::to_string(descriptor), "PMI_RANK=" + std::to_string(rank),
          "PMI_SIZE=" + std::to_string(step.tasks), "PMI_JOBID=" + step.name};
}

}  // namespace cox::stepd
