// Processes as a test sees them: its own children, and everything that a cluster's directory names.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "platform/process.h"

namespace cox::daemons {

/// An ordinary user that every system has.
inline constexpr std::uint32_t nobody = 65534;

/// Looks again and again until it holds; false when it does not within half a minute, or
/// `patience`.
bool eventually(const std::function<bool()>& holds,
                std::chrono::seconds patience = std::chrono::seconds(30));

/// A child that ends with its owner at the latest.
class Child {
 public:
  Child() = default;
  explicit Child(const platform::SpawnRequest& request);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  bool runs() const { return spawned_.pid > 0; }

  int pid() const { return spawned_.pid; }

  void signal(int number) const;
  /// Exit code, or 128 + signal; -1 when it has not ended within half a minute.
  int wait();
  /// Sends the signal and waits. A stopped child gets SIGKILL all the same.
  int end(int number);

 private:
  platform::Spawned spawned_;
};

struct Ran {
  int status = -1;
  std::string output;  // standard output and error
};

/// Runs a program to its end, with `input` as its standard input.
Ran run_program(platform::SpawnRequest request, const std::string& input = {});

/// What the kernel says of the process: 'S' waits, 'R' runs, 'D' or 'T' stands still.
char process_state(int pid);
/// Living processes, ourselves left out, with `text` in their arguments or environment.
std::vector<int> processes_naming(const std::string& text);
/// The same by arguments alone, whose first is `program` where that is given.
std::vector<int> processes_called(const std::string& program, const std::string& text);

}  // namespace cox::daemons
