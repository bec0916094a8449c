// Between the MPI wire-up servers of this node, PMIx and PMI, and those of the step's other nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "noded/stepd/fences.h"
#include "noded/stepd/mpi_choice.h"
#include "noded/stepd/mpi_server.h"
#include "noded/stepd/plan.h"
#include "noded/stepd/pmi/pmi_sockets.h"
#include "platform/loop.h"

namespace cox::wire {
class StepMessage;
}

namespace cox::stepd {

/// Loads libcoxpmix.so, for a look at the installation. Returns its path.
/// error: not_found when it is not installed, internal when it cannot be loaded
Result<std::string> check_mpi_library();

class MpiBridge {
 public:
  struct Out {
    /// To the supervisor of a node, by way of the root.
    std::function<void(std::uint32_t node, const wire::StepMessage&)> send;
    /// At the root: to those of all other nodes.
    std::function<void(const wire::StepMessage&)> send_all;
    std::function<void(int status, const std::string& message)> abort;
    /// The step cannot go on: a task broke the protocol.
    std::function<void(const std::string& why)> broken;
  };

  MpiBridge(platform::Loop& loop, const StepPlan& plan, Out out);
  ~MpiBridge();
  MpiBridge(const MpiBridge&) = delete;
  MpiBridge& operator=(const MpiBridge&) = delete;

  /// Loads the library and starts the PMIx server. `directory` belongs to the user.
  /// error: not_found when the library is not installed
  Result<void> open_pmix(const std::string& directory);
  Result<void> open_pmi(const MpiOffer& offer);

  Result<std::vector<std::string>> environment(std::uint32_t local_task);

  /// What the local task inherits for PMI, or -1; stays ours.
  int task_end(std::uint32_t local_task) const;

  /// After the forks.
  void tasks_started();
  /// A local task ended with status 0.
  void task_left(std::uint32_t local_task);

  /// The PMIx library has threads of its own.
  bool is_threaded() const { return pmix_ != nullptr; }

  std::uint32_t connected_ranks() const;

  bool has_servers() const { return pmix_ != nullptr || pmi_ != nullptr; }

  /// Which servers there are: "pmix server", "pmi server" or both.
  std::string servers_text() const;
  /// What tasks were refused; empty: nothing.
  std::string refusals() const;

  /// Fences and modex of node `from`; false when the message is none of these.
  bool take(std::uint32_t from, const wire::StepMessage& message);

 private:
  MpiEvents events();
  std::function<void(std::function<void()>)> poster();
  void fence_arrived(std::uint32_t from,
                     const std::string& id,
                     std::vector<std::uint32_t> nodes,
                     std::string data);
  void ask(std::uint64_t number, std::uint32_t rank, std::uint32_t from, const std::string& info);
  void answer(std::uint64_t number, int status, const std::string& data, std::uint32_t to);
  void reach_fence(const std::string& id, std::vector<std::uint32_t> nodes, std::string data);
  void finish_fence(const std::string& id, int status, const std::string& data);

  platform::Loop& loop_;
  const StepPlan& plan_;
  Out out_;
  Fences fences_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<MpiServer> pmix_;
  std::unique_ptr<PmiSockets> pmi_;
  PmiStep pmi_step_;
};

}  // namespace cox::stepd
