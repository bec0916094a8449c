// Non-blocking pipes on the loop.
#include "noded/stepd/task_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "platform/file.h"

namespace cox::stepd {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

struct PipeEnds {
  platform::Descriptor read, write;
};

Result<PipeEnds> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Failure(platform::system_error("make a pipe", errno));
  }
  return PipeEnds{platform::Descriptor(ends[0]), platform::Descriptor(ends[1])};
}

// Of our end only: the task's shall block as programs expect.
void set_nonblocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

}  // namespace

OutputPump::~OutputPump() {
  for (const auto& source : sources_) {
    close(*source);
  }
}

Result<platform::Descriptor> OutputPump::add(std::uint32_t task, std::uint32_t stream) {
  auto ends = make_pipe();
  if (!ends) {
    return Failure(ends.error());
  }
  set_nonblocking(ends->read.get());
  add(task, stream, std::move(ends->read));
  return std::move(ends->write);
}

void OutputPump::add(std::uint32_t task, std::uint32_t stream, platform::Descriptor readable) {
  auto source = std::make_unique<Source>();
  source->task = task;
  source->stream = stream;
  source->fd = std::move(readable);
  ++open_;
  if (!paused_) {
    watch(*source);
  }
  sources_.push_back(std::move(source));
}

void OutputPump::watch(Source& source) {
  if (source.watched || !source.fd.is_open()) {
    return;
  }
  source.watched =
      loop_.watch_readable(source.fd.get(), [this, &source] { read(source); }).has_value();
}

void OutputPump::close(Source& source) {
  if (!source.fd.is_open()) {
    return;
  }
  if (source.watched) {
    loop_.unwatch(source.fd.get());
    source.watched = false;
  }
  source.fd.reset();
  --open_;
}

void OutputPump::read(Source& source) {
  std::string data(chunk_bytes, '\0');
  const ssize_t got = ::read(source.fd.get(), data.data(), data.size());
  if (got < 0 && (errno == EINTR || (errno == EAGAIN && !finishing_))) {
    return;
  }
  if (got > 0) {
    data.resize(static_cast<std::size_t>(got));
    sink_(source.task, source.stream, std::move(data), false);
    return;
  }
  close(source);
  sink_(source.task, source.stream, std::string(), true);
}

void OutputPump::drain() {
  for (std::size_t i = 0; i < sources_.size() && !paused_; ++i) {
    while (sources_[i]->fd.is_open() && !paused_) {
      read(*sources_[i]);
    }
  }
}

void OutputPump::finish() {
  finishing_ = true;
  drain();
}

void OutputPump::pause(bool paused) {
  if (paused_ == paused) {
    return;
  }
  paused_ = paused;
  for (const auto& source : sources_) {
    if (!paused) {
      watch(*source);
    } else if (source->watched) {
      loop_.unwatch(source->fd.get());
      source->watched = false;
    }
  }
  if (finishing_) {
    drain();
  }
}

InputFan::~InputFan() {
  for (const auto& pipe : pipes_) {
    stop(*pipe);
  }
}

Result<platform::Descriptor> InputFan::add() {
  auto ends = make_pipe();
  if (!ends) {
    return Failure(ends.error());
  }
  set_nonblocking(ends->write.get());
  add(std::move(ends->write));
  return std::move(ends->read);
}

void InputFan::add(platform::Descriptor writable) {
  auto pipe = std::make_unique<Pipe>();
  pipe->fd = std::move(writable);
  pipes_.push_back(std::move(pipe));
}

void InputFan::begin() {
  if (std::exchange(has_begun_, true)) {
    return;
  }
  const std::string early = std::exchange(early_, {});
  written_ -= early.size();
  write(early);
  if (closing_) {
    close();
  }
}

void InputFan::write(std::string_view data) {
  written_ += data.size();
  if (!has_begun_) {
    early_.append(data);
    return;
  }
  for (const auto& pipe : pipes_) {
    if (pipe->fd.is_open()) {
      pipe->queue.append(data);
      flush(*pipe);
    }
  }
}

void InputFan::close() {
  closing_ = true;
  for (const auto& pipe : pipes_) {
    if (has_begun_ && pipe->queue.empty()) {
      stop(*pipe);
    }
  }
}

std::size_t InputFan::queued_bytes() const {
  std::size_t most = early_.size();
  for (const auto& pipe : pipes_) {
    most = std::max(most, pipe->queue.size());
  }
  return most;
}

void InputFan::stop(Pipe& pipe) {
  if (pipe.watched) {
    loop_.unwatch(pipe.fd.get());
    pipe.watched = false;
  }
  pipe.queue.clear();
  pipe.fd.reset();
}

void InputFan::flush(Pipe& pipe) {
  while (!pipe.queue.empty()) {
    const ssize_t put = ::write(pipe.fd.get(), pipe.queue.data(), pipe.queue.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0 && errno == EAGAIN) {
      if (!pipe.watched) {
        pipe.watched = loop_
                           .watch_writable(pipe.fd.get(),
                                           [this, &pipe] {
                                             flush(pipe);
                                             if (progress_) {
                                               progress_();
                                             }
                                           })
                           .has_value();
      }
      return;
    }
    if (put < 0) {  // the task does not read any more
      stop(pipe);
      return;
    }
    pipe.queue.erase(0, static_cast<std::size_t>(put));
  }
  if (pipe.watched) {
    loop_.unwatch(pipe.fd.get());
    pipe.watched = false;
  }
  if (closing_) {
    stop(pipe);
  }
}

}  // namespace cox::stepd
