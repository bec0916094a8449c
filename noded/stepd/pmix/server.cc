// See server.h, and the entry point of libcoxpmix.so at the end.
#include "noded/stepd/pmix/server.h"

#include <pmix.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "noded/stepd/pmix/info_list.h"
#include "noded/stepd/pmix/job_info.h"
#include "noded/stepd/pmix/layout.h"
#include "noded/stepd/pmix/task_environment.h"

namespace cox::stepd {
namespace {

std::atomic<bool> was_opened = false;

// Threads inherit the mask: the library's own must neither take the supervisor's signals nor die of
// SIGPIPE when they answer a rank that was killed.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }

  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

/// The library looks for the user's settings at home, and takes it for granted that there is one
/// (openpmix 4.2: strcmp of a null pointer). A user without an entry in passwd has none.
void make_sure_of_a_home() {
  if (::getenv("HOME") == nullptr && ::getpwuid(::getuid()) == nullptr) {
    ::setenv("HOME", "/nonexistent", 1);
  }
}

Failure pmix_failure(const std::string& doing, pmix_status_t status) {
  return fail(Code::internal, doing + ": " + PMIx_Error_string(status));
}

// Calls without a callback wait and say that they are done already.
bool is_done(pmix_status_t status) {
  return status == PMIX_SUCCESS || status == PMIX_OPERATION_SUCCEEDED;
}

void free_string(void* text) {
  delete static_cast<std::string*>(text);
}

// PMIx reads the data later, on its thread, and then calls free_string.
void complete(pmix_modex_cbfunc_t done, void* cookie, int status, const std::string& data) {
  auto* kept = new std::string(data);
  done(status, kept->data(), kept->size(), cookie, free_string, kept);
}

Result<void> make_session_dir(const std::string& path, std::uint32_t uid, std::uint32_t gid) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Code::internal, "make " + path + ": " + std::strerror(errno));
  }
  if (::geteuid() != uid && ::lchown(path.c_str(), uid, gid) != 0) {
    return fail(Code::internal, "give " + path + " to its user: " + std::strerror(errno));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<PmixServer>> PmixServer::open(const MpiPlan& plan, const MpiEvents& events) {
  if (Result<void> checked = check_plan(plan); !checked) return Failure(checked.error());
  if (was_opened.exchange(true)) {
    return fail(Code::refused, "this process had an mpi server already");
  }
  std::unique_ptr<PmixServer> server(new PmixServer(plan, events));
  // The library's own thread begins in here too and stays the user's.
  const auto user = server->enter_user();
  if (!user) return Failure(user.error());
  Result<void> done = make_session_dir(server->session_dir_, plan.uid, plan.gid);
  if (done) done = server->start();
  if (done) done = server->register_step();
  if (!done) return Failure(done.error());
  return server;
}

Result<std::shared_ptr<void>> PmixServer::enter_user() const {
  if (!events_.as_user) return std::shared_ptr<void>();
  auto user = events_.as_user();
  if (user) return user;
  return fail(Code::not_permitted, "cannot use files as user " + std::to_string(plan_.uid));
}

PmixServer::PmixServer(const MpiPlan& plan, const MpiEvents& events)
    : plan_(plan),
      events_(events),
      session_dir_(plan.tmp_dir + "/mpi"),
      shared_memory_(
          "/dev/shm", plan.nspace + "-" + std::to_string(plan.node_index), plan.uid, plan.gid),
      open_mpi_(open_mpi_variables({shared_memory_.path(), has_only_loopback(), has_fabric()})) {}

// The library locks itself up when it ends, or takes out clients, after one was killed in a fence.
// Then its thread is left to the end of the process, which is near: it can tell nobody any more.
PmixServer::~PmixServer() {
  set_upcall_receiver(nullptr);
  const auto user = enter_user();
  if (user && is_started_ && finalized_ == connected_) PMIx_server_finalize();
}

Result<void> PmixServer::start() {
  make_sure_of_a_home();
  // Peers of one machine need no more than the kernel's word; other methods need daemons.
  ::setenv("PMIX_MCA_psec", "native", 1);
  InfoList info;
  info.add(PMIX_SERVER_NSPACE, "cox-" + plan_.nspace);
  info.add_rank(PMIX_SERVER_RANK, plan_.node_index);
  info.add(PMIX_HOSTNAME, plan_.nodes[plan_.node_index].name);
  info.add(PMIX_SERVER_TMPDIR, plan_.tmp_dir);
  info.add(PMIX_SYSTEM_TMPDIR, plan_.tmp_dir);
  info.add(PMIX_USERID, plan_.uid);
  info.add(PMIX_GRPID, plan_.gid);
  info.add(PMIX_SERVER_TOOL_SUPPORT, false);
  std::string source = Topology::source();
  const pmix_topology_t topology{source.data(), topology_.get()};
  if (topology.topology != nullptr) info.add(PMIX_TOPOLOGY2, &topology, PMIX_TOPO);
  const SignalsBlocked blocked;
  set_upcall_receiver(this);
  const pmix_status_t status = PMIx_server_init(upcall_table(), info.data(), info.size());
  if (status != PMIX_SUCCESS) return pmix_failure("start the pmix server", status);
  is_started_ = true;
  return {};
}

Result<void> PmixServer::register_step() {
  InfoList info;
  if (Result<void> added = add_job_info(plan_, session_dir_, topology_.xml(), &info); !added)
    return added;
  const pmix_proc_t job = proc_of(PMIX_RANK_WILDCARD);
  const MpiNode& here = plan_.nodes[plan_.node_index];
  pmix_status_t status = PMIx_server_register_nspace(job.nspace, static_cast<int>(here.tasks),
                                                     info.data(), info.size(), nullptr, nullptr);
  if (!is_done(status)) return pmix_failure("register " + plan_.nspace, status);
  for (std::uint32_t i = 0; i < here.tasks; ++i) {
    const pmix_proc_t proc = proc_of(here.rank(i));
    status = PMIx_server_register_client(&proc, plan_.uid, plan_.gid, nullptr, nullptr, nullptr);
    if (!is_done(status)) {
      return pmix_failure("register rank " + std::to_string(proc.rank), status);
    }
  }
  return {};
}

pmix_proc_t PmixServer::proc_of(std::uint32_t rank) const {
  pmix_proc_t proc;
  std::memset(&proc, 0, sizeof proc);
  plan_.nspace.copy(proc.nspace, PMIX_MAX_NSLEN);
  proc.rank = rank;
  return proc;
}

Result<std::vector<std::string>> PmixServer::environment(std::uint32_t rank) {
  if (!is_local(plan_, rank)) {
    return fail(Code::not_found, "rank " + std::to_string(rank) + " does not run on this node");
  }
  const auto user = enter_user();
  if (!user) return Failure(user.error());
  const pmix_proc_t proc = proc_of(rank);
  char** entries = nullptr;
  const pmix_status_t status = PMIx_server_setup_fork(&proc, &entries);
  if (status != PMIX_SUCCESS) {
    return pmix_failure("environment of rank " + std::to_string(rank), status);
  }
  std::vector<std::string> variables = open_mpi_;
  for (char** entry = entries; entry != nullptr && *entry != nullptr; ++entry) {
    variables.emplace_back(*entry);
    std::free(*entry);
  }
  std::free(entries);
  return variables;
}

void PmixServer::fence_done(const std::string& id, int status, const std::string& data) {
  Waiting waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = fences_.find(id);
    if (found == fences_.end()) return;  // repeated, or never asked here
    waiting = found->second;
    fences_.erase(found);
  }
  complete(waiting.done, waiting.cookie, status, data);
}

void PmixServer::modex_asked(std::uint32_t rank,
                             const std::string& /*info*/,
                             std::function<void(int status, std::string data)> answer) {
  if (!is_local(plan_, rank)) return answer(PMIX_ERR_NOT_FOUND, "");
  const pmix_proc_t proc = proc_of(rank);
  auto* kept = new ModexAnswer{std::move(answer)};
  // Answers when the rank has published, at once or later.
  const pmix_status_t status = PMIx_server_dmodex_request(&proc, answer_modex, kept);
  if (status != PMIX_SUCCESS) answer_modex(status, nullptr, 0, kept);
}

void PmixServer::modex_done(std::uint64_t number, int status, const std::string& data) {
  Waiting waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = modexes_.find(number);
    if (found == modexes_.end()) return;
    waiting = found->second;
    modexes_.erase(found);
  }
  complete(waiting.done, waiting.cookie, status, data);
}

std::uint32_t PmixServer::connected_ranks() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(connected_.size());
}

void PmixServer::connected(const pmix_proc_t& client) {
  const std::lock_guard lock(mutex_);
  connected_.insert(client.rank);
}

void PmixServer::finalized(const pmix_proc_t& client) {
  const std::lock_guard lock(mutex_);
  finalized_.insert(client.rank);
}

void PmixServer::aborted(int status, std::string message) {
  events_.abort(status, std::move(message));
}

pmix_status_t PmixServer::fence(const std::vector<pmix_proc_t>& procs,
                                std::string data,
                                pmix_modex_cbfunc_t done,
                                void* cookie) {
  std::vector<std::uint32_t> ranks;
  bool is_all = false;
  for (const pmix_proc_t& proc : procs) {
    if (plan_.nspace != proc.nspace) return PMIX_ERR_NOT_SUPPORTED;
    if (proc.rank == PMIX_RANK_WILDCARD) {
      is_all = true;
    } else if (proc.rank < tasks_of(plan_)) {
      ranks.push_back(proc.rank);
    } else {
      return PMIX_ERR_BAD_PARAM;
    }
  }
  if (is_all) ranks.clear();
  const std::string id = is_all ? fence_id_all : fence_id(ranks);
  {
    const std::lock_guard lock(mutex_);
    if (!fences_.emplace(id, Waiting{done, cookie}).second) return PMIX_ERR_EXISTS;
  }
  events_.fence(id, nodes_of(plan_, ranks), std::move(data));
  return PMIX_SUCCESS;
}

pmix_status_t PmixServer::modex(const pmix_proc_t& proc, pmix_modex_cbfunc_t done, void* cookie) {
  if (plan_.nspace != proc.nspace || proc.rank >= tasks_of(plan_)) return PMIX_ERR_NOT_FOUND;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = next_modex_++;
    modexes_.emplace(number, Waiting{done, cookie});
  }
  events_.modex(number, proc.rank, "");
  return PMIX_SUCCESS;
}

}  // namespace cox::stepd

extern "C" __attribute__((visibility("default"))) cox::stepd::MpiServer* cox_mpi_server_open(
    const cox::stepd::MpiPlan& plan, const cox::stepd::MpiEvents& events, std::string* error) {
  auto server = cox::stepd::PmixServer::open(plan, events);
  if (server) return server->release();
  *error = server.error().message;
  return nullptr;
}
