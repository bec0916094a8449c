// Pipes between the supervisor and its tasks: output read with back-pressure, input handed to all.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "platform/descriptor.h"
#include "platform/loop.h"

namespace cox::stepd {

inline constexpr std::uint32_t stream_output = 1;
inline constexpr std::uint32_t stream_error = 2;

/// Reads what tasks write. Paused, it leaves the bytes in the pipes, and the tasks wait.
class OutputPump {
 public:
  /// One chunk as read; at the end of a stream once with no data and `eof`.
  using Sink =
      std::function<void(std::uint32_t task, std::uint32_t stream, std::string data, bool eof)>;

  OutputPump(platform::Loop& loop, Sink sink) : loop_(loop), sink_(std::move(sink)) {}

  ~OutputPump();
  OutputPump(const OutputPump&) = delete;
  OutputPump& operator=(const OutputPump&) = delete;

  /// The end that the task writes to; the caller closes it after the fork.
  Result<platform::Descriptor> add(std::uint32_t task, std::uint32_t stream);
  /// What can be read already: our end of a terminal.
  void add(std::uint32_t task, std::uint32_t stream, platform::Descriptor readable);
  void pause(bool paused);

  /// All streams ended.
  bool is_drained() const { return open_ == 0; }

  /// No process of the step is left: reads what is still in the pipes and ends, even if somebody
  /// outside the step holds a copy of a write end.
  void finish();

 private:
  struct Source {
    std::uint32_t task = 0, stream = 0;
    platform::Descriptor fd;
    bool watched = false;
  };

  void watch(Source& source);
  void read(Source& source);
  void drain();
  void close(Source& source);

  platform::Loop& loop_;
  Sink sink_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::size_t open_ = 0;
  bool paused_ = true;
  bool finishing_ = false;
};

/// Gives the same bytes to every task. A task that ended, or closed its input, is left out. What
/// comes before all of them are there is kept for them.
class InputFan {
 public:
  explicit InputFan(platform::Loop& loop) : loop_(loop) {}

  ~InputFan();
  InputFan(const InputFan&) = delete;
  InputFan& operator=(const InputFan&) = delete;

  /// The end that a task reads from; the caller closes it after the fork.
  Result<platform::Descriptor> add();
  /// What can be written to already: our end of a terminal.
  void add(platform::Descriptor writable);
  /// All of them are there.
  void begin();
  void write(std::string_view data);
  void close();
  /// What the slowest task has not taken yet.
  std::size_t queued_bytes() const;

  /// What every task has taken.
  std::uint64_t taken_bytes() const { return written_ - queued_bytes(); }

  /// Runs whenever a task took some.
  void on_progress(std::function<void()> callback) { progress_ = std::move(callback); }

 private:
  struct Pipe {
    platform::Descriptor fd;
    std::string queue;
    bool watched = false;
  };

  void flush(Pipe& pipe);
  void stop(Pipe& pipe);

  platform::Loop& loop_;
  std::vector<std::unique_ptr<Pipe>> pipes_;
  std::function<void()> progress_;
  std::string early_;  // came before begin()
  std::uint64_t written_ = 0;
  bool has_begun_ = false;
  bool closing_ = false;
};

}  // namespace cox::stepd
