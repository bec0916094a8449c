// The MPI wire-up server of one step on one node, over libpmix. One per process: the library keeps
// its state in globals and cannot be started a second time.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "noded/stepd/mpi_server.h"
#include "noded/stepd/pmix/shared_memory.h"
#include "noded/stepd/pmix/task_environment.h"
#include "noded/stepd/pmix/topology.h"
#include "noded/stepd/pmix/upcalls.h"

namespace cox::stepd {

class PmixServer final : public MpiServer, private Upcalls {
 public:
  /// Starts the server and registers the step with all its local ranks.
  static Result<std::unique_ptr<PmixServer>> open(const MpiPlan& plan, const MpiEvents& events);
  ~PmixServer() override;

  Result<std::vector<std::string>> environment(std::uint32_t rank) override;
  void fence_done(const std::string& id, int status, const std::string& data) override;
  void modex_asked(std::uint32_t rank,
                   const std::string& info,
                   std::function<void(int status, std::string data)> answer) override;
  void modex_done(std::uint64_t number, int status, const std::string& data) override;
  std::uint32_t connected_ranks() const override;

 private:
  /// What PMIx wants called when an operation is complete.
  struct Waiting {
    pmix_modex_cbfunc_t done = nullptr;
    void* cookie = nullptr;
  };

  PmixServer(const MpiPlan& plan, const MpiEvents& events);

  /// While it is held, files are the user's business. error: not_permitted
  Result<std::shared_ptr<void>> enter_user() const;
  Result<void> start();
  Result<void> register_step();
  pmix_proc_t proc_of(std::uint32_t rank) const;

  void connected(const pmix_proc_t& client) override;
  void finalized(const pmix_proc_t& client) override;
  void aborted(int status, std::string message) override;
  pmix_status_t fence(const std::vector<pmix_proc_t>& procs,
                      std::string data,
                      pmix_modex_cbfunc_t done,
                      void* cookie) override;
  pmix_status_t modex(const pmix_proc_t& proc, pmix_modex_cbfunc_t done, void* cookie) override;

  const MpiPlan plan_;
  const MpiEvents events_;
  const std::string session_dir_;
  SharedMemory shared_memory_;
  Topology topology_{has_fabric()};  // PMIx uses it until it ends
  bool is_started_ = false;
  std::vector<std::string> open_mpi_;  // the same for every rank

  // Guards what follows: the supervisor's loop and PMIx's thread both use it. Never held while
  // PMIx or an event is called.
  mutable std::mutex mutex_;
  std::map<std::string, Waiting> fences_;     // by id
  std::map<std::uint64_t, Waiting> modexes_;  // by number
  std::uint64_t next_modex_ = 1;
  std::set<std::uint32_t> connected_;
  std::set<std::uint32_t> finalized_;
};

}  // namespace cox::stepd
