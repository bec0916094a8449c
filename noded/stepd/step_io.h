// The way of output and input between tasks and clients, through leaf and root, with bounded
// queues: whoever is slow makes those before it wait, and nobody's memory grows.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "noded/stepd/clients.h"
#include "noded/stepd/files.h"
#include "noded/stepd/launch.h"
#include "noded/stepd/look_again.h"
#include "noded/stepd/plan.h"
#include "noded/stepd/task_io.h"
#include "noded/stepd/terminal.h"
#include "noded/stepd/tree.h"
#include "platform/descriptor.h"
#include "platform/loop.h"

namespace cox::stepd {

class StepIo {
 public:
  /// `changed` runs when is_done() may have become true.
  StepIo(platform::Loop& loop,
         const StepPlan& plan,
         Tree& tree,
         Clients& clients,
         std::function<void()> changed);
  ~StepIo();
  StepIo(const StepIo&) = delete;
  StepIo& operator=(const StepIo&) = delete;

  /// Gives each launch its three descriptors: files, pipes, /dev/null.
  Result<void> connect(const TaskFiles& files, std::vector<TaskLaunch>* launches);

  /// After the forks: the tasks' ends are the tasks' alone.
  void tasks_started() { task_ends_.clear(); }

  void owner_came();
  /// Nobody will take output any more: it is read and dropped.
  void discard();
  /// From the client at the root, from the root at a leaf.
  void input(const std::string& data, bool eof);
  /// Of the terminal that the first task has, or will have.
  void resize(const TerminalSize& size);
  void input_taken(std::uint32_t node, std::uint64_t bytes);
  void output_of_leaf(std::uint32_t task, std::uint32_t stream, std::string data, bool eof);
  void leaf_lost(std::uint32_t node);

  /// The local tasks of a step that runs will never be: their streams end here.
  void never_started();
  /// The step ended before its Go: no node will have output, and no client was told of us.
  void never_ran();

  /// No local process is left.
  void tasks_gone() { pump_.finish(); }

  /// Leaf: all local output is on its way. Root: all output of all nodes is with the client.
  bool is_done() const;
  /// Root: the client that was promised the output, or the exit alone where that goes to files, has
  /// not come yet.
  bool awaits_owner() const;

 private:
  struct Chunk {
    std::uint32_t task = 0, stream = 0;
    std::string data;
    bool eof = false;
  };

  std::uint32_t streams_per_task() const;
  Result<int> descriptor_for(int file, std::uint32_t task, std::uint32_t stream);
  Result<int> input_for(int file, std::uint32_t task);
  Result<int> null_device();
  Result<void> connect_terminal(TaskLaunch* launch);
  void output(std::uint32_t task, std::uint32_t stream, std::string data, bool eof);
  void deliver(const Chunk& chunk);
  void adjust_flow();
  void adjust_input();

  platform::Loop& loop_;
  const StepPlan& plan_;
  Tree& tree_;
  Clients& clients_;
  std::function<void()> changed_;
  OutputPump pump_;
  InputFan fan_;
  std::vector<platform::Descriptor> task_ends_;
  platform::Descriptor null_;
  platform::Descriptor terminal_;  // our end of the first task's
  TerminalSize size_;
  std::deque<Chunk> held_;  // root: came before the owner
  std::size_t held_bytes_ = 0;
  std::vector<std::uint32_t> open_streams_;  // root: per node
  std::vector<std::uint64_t> taken_;         // root: input that each leaf's tasks took
  std::uint64_t input_sent_ = 0;             // root: to each leaf
  std::uint64_t taken_told_ = 0;             // leaf
  bool discarding_ = false;
  bool congested_ = false;
  LookAgain looks_;
  platform::TimerId flow_timer_ = 0;
};

}  // namespace cox::stepd
