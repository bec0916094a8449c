// What a supervisor asks of an MPI wire-up server. The one implementation over PMIx lives in
// libcoxpmix.so, which is loaded only by steps that need it: libpmix costs more to start than
// everything else here together.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"

namespace cox::stepd {

/// One node of the step; ranks first_task .. first_task + tasks - 1 run on it, or `ranks`.
struct MpiNode {
  std::string name;
  std::uint32_t tasks = 0;
  std::uint32_t first_task = 0;
  std::vector<std::uint32_t> ranks{};  // ascending, where ranks do not follow the nodes

  std::uint32_t rank(std::uint32_t local) const {
    return ranks.empty() ? first_task + local : ranks[local];
  }
};

/// The step as every node of it sees it.
struct MpiPlan {
  std::string nspace;  // the same on all nodes, unique per job, attempt and step
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string tmp_dir;  // exists, mode 0700, owned by uid; what is made below it goes with it
  std::vector<MpiNode> nodes;
  std::uint32_t node_index = 0;             // this node in `nodes`
  std::vector<std::uint32_t> node_by_rank;  // where ranks do not follow the nodes
};

/// What the server tells. Called on any thread, never after the server's destructor returned; the
/// supervisor posts each to its loop.
struct MpiEvents {
  /// This node's part of a fence is complete. `id` names the set of processes canonically, the
  /// same bytes on every node; `nodes` are the indices of the nodes they run on, ascending. Once
  /// all of them reported, fence_done() brings the concatenation of their data to each.
  std::function<void(std::string id, std::vector<std::uint32_t> nodes, std::string data)> fence;
  /// A local task wants what `rank`, which runs on another node, published. `number` is the
  /// server's own and comes back in modex_done().
  std::function<void(std::uint64_t number, std::uint32_t rank, std::string info)> modex;
  /// A task asked for the end of the whole step (MPI_Abort).
  std::function<void(int status, std::string message)> abort;
  /// Makes this thread, and those that it starts meanwhile, touch files as the user; until the
  /// result is dropped. The server's files lie where the user can put links. Null: it cannot be.
  std::function<std::shared_ptr<void>()> as_user = {};
};

/// All calls come from the supervisor's loop thread and return soon. Status 0 is success,
/// everything else a PMIx status.
class MpiServer {
 public:
  virtual ~MpiServer() = default;
  /// NAME=VALUE for this local rank, to be added to the task's environment.
  virtual Result<std::vector<std::string>> environment(std::uint32_t rank) = 0;
  virtual void fence_done(const std::string& id, int status, const std::string& data) = 0;
  /// Another node asks for what local `rank` published. `answer` is called once, on any thread,
  /// perhaps before this returns; never after the destructor returned.
  virtual void modex_asked(std::uint32_t rank,
                           const std::string& info,
                           std::function<void(int status, std::string data)> answer) = 0;
  virtual void modex_done(std::uint64_t number, int status, const std::string& data) = 0;
  /// How many different local ranks have connected so far: 0 at the end of an MPI program with
  /// several tasks means that it ran as that many singletons.
  virtual std::uint32_t connected_ranks() const = 0;
};

/// Type of the library's entry point `cox_mpi_server_open`: a server owned by the caller, or null
/// and the reason in *error. Supervisor and library each have their own libstdc++; so nothing may
/// throw across, and only what both sides compile from headers is passed.
using MpiServerOpen = MpiServer* (*)(const MpiPlan& plan,
                                     const MpiEvents& events,
                                     std::string* error);

inline constexpr const char* mpi_server_entry = "cox_mpi_server_open";

}  // namespace cox::stepd

extern "C" cox::stepd::MpiServer* cox_mpi_server_open(const cox::stepd::MpiPlan& plan,
                                                      const cox::stepd::MpiEvents& events,
                                                      std::string* error);
