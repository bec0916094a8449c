// Between the MPI wire-up server of this node and those of the step's other nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "noded/stepd/fences.h"
#include "noded/stepd/mpi_server.h"
#include "noded/stepd/plan.h"
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
    std::function<void(int status, const std::string& message)> abort;
  };

  /// Loads the library and starts the server. `directory` belongs to the user.
  /// error: not_found when the library is not installed
  static Result<std::unique_ptr<MpiBridge>> open(platform::Loop& loop,
                                                 const StepPlan& plan,
                                                 const std::string& directory,
                                                 Out out);
  ~MpiBridge();
  MpiBridge(const MpiBridge&) = delete;
  MpiBridge& operator=(const MpiBridge&) = delete;

  Result<std::vector<std::string>> environment(std::uint32_t rank);

  std::uint32_t connected_ranks() const { return server_->connected_ranks(); }

  /// Fences and modex of node `from`; false when the message is none of these.
  bool take(std::uint32_t from, const wire::StepMessage& message);

 private:
  MpiBridge(platform::Loop& loop, const StepPlan& plan, Out out);
  MpiEvents events();
  std::function<void(std::function<void()>)> poster();
  void fence_arrived(std::uint32_t from,
                     const std::string& id,
                     std::vector<std::uint32_t> nodes,
                     std::string data);
  void ask(std::uint64_t number, std::uint32_t rank, std::uint32_t from, const std::string& info);
  void answer(std::uint64_t number, int status, const std::string& data, std::uint32_t to);
  std::uint32_t node_of(std::uint32_t rank) const;

  platform::Loop& loop_;
  const StepPlan& plan_;
  Out out_;
  Fences fences_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<MpiServer> server_;
};

}  // namespace cox::stepd
