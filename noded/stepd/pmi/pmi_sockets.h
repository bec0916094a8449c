// The PMI server of this node on real descriptors: one pair per local task, whose far end the task
// inherits as PMI_FD.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "noded/stepd/pmi/pmi_server.h"
#include "platform/descriptor.h"
#include "platform/loop.h"

namespace cox::stepd {

class PmiSockets {
 public:
  /// error: internal when the system gives no more descriptors
  static Result<std::unique_ptr<PmiSockets>> open(platform::Loop& loop,
                                                  PmiStep step,
                                                  PmiServer::Out out);

  /// To be given to the local task; stays ours.
  int task_end(std::uint32_t local) const { return task_ends_[local].get(); }

  /// After the forks: the tasks' ends are the tasks' alone.
  void tasks_started() { task_ends_.clear(); }

  PmiServer& server() { return *server_; }

  const PmiServer& server() const { return *server_; }

 private:
  PmiSockets() = default;
  Result<void> add(platform::Loop& loop, std::uint32_t local);
  void send(std::uint32_t local, std::string bytes);

  std::vector<platform::Descriptor> task_ends_;
  std::vector<std::unique_ptr<platform::Stream>> streams_;
  PmiServer::Out out_;
  std::string node_;
  std::unique_ptr<PmiServer> server_;
};

/// NAME=VALUE for one task.
std::vector<std::string> pmi_environment(const PmiStep& step, std::uint32_t rank, int descriptor);

}  // namespace cox::stepd
