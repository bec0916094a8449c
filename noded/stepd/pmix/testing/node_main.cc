// One emulated node of the tests and benches of libcoxpmix.so: opens the server, starts the local
// ranks of a program as the step's user, passes fences and modex requests over descriptor 3 to the
// relay (testing/relay.h), and prints a report line per event. Loads the library as coxstepd does.
#include <dlfcn.h>
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "common/text.h"
#include "noded/stepd/mpi_server.h"
#include "noded/stepd/pmix/testing/relay.h"

namespace cox::stepd {
namespace {

constexpr int relay_fd = 3;

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "node: %s\n", message.c_str());
  std::_Exit(125);
}

// Events of PMIx's thread, taken by the loop.
class Inbox {
 public:
  void put(RelayMessage message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    const std::uint64_t one = 1;
    if (::write(wake_, &one, sizeof one) < 0) die("wake");
  }

  std::deque<RelayMessage> take() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    if (::read(wake_, &count, sizeof count) < 0) return {};
    return std::exchange(messages_, {});
  }

  int descriptor() const { return wake_; }

 private:
  std::mutex mutex_;
  std::deque<RelayMessage> messages_;
  int wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
};

MpiPlan read_plan(char** argv) {
  MpiPlan plan;
  plan.nspace = argv[2];
  plan.node_index = static_cast<std::uint32_t>(std::atoi(argv[4]));
  plan.uid = plan.gid = static_cast<std::uint32_t>(std::atoi(argv[5]));
  plan.tmp_dir = argv[6];
  for (const std::string_view entry : split(argv[3], ',')) {
    const std::size_t colon = entry.find(':');
    const std::uint32_t first =
        plan.nodes.empty() ? 0 : plan.nodes.back().first_task + plan.nodes.back().tasks;
    const auto tasks = parse_u64(entry.substr(colon + 1));
    if (colon == std::string_view::npos || !tasks) die("nodes " + std::string(argv[3]));
    plan.nodes.push_back(
        {std::string(entry.substr(0, colon)), static_cast<std::uint32_t>(*tasks), first});
  }
  return plan;
}

MpiEvents events_into(Inbox* inbox) {
  MpiEvents events;
  events.fence = [inbox](std::string id, std::vector<std::uint32_t> nodes, std::string data) {
    inbox->put({RelayMessage::fence, 0, 0, std::move(id), std::move(data), std::move(nodes)});
  };
  events.modex = [inbox](std::uint64_t number, std::uint32_t rank, std::string) {
    inbox->put({RelayMessage::modex_ask, number, static_cast<int>(rank), "", "", {}});
  };
  events.abort = [inbox](int status, std::string message) {
    inbox->put({RelayMessage::abort, 0, status, "", std::move(message), {}});
  };
  return events;
}

int start_rank(const MpiPlan& plan, std::vector<std::string> variables, char** program) {
  const int pid = ::fork();
  if (pid != 0) return pid;
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::close(relay_fd);
  if (::geteuid() != plan.uid &&
      (::setgroups(0, nullptr) != 0 || ::setgid(plan.gid) != 0 || ::setuid(plan.uid) != 0)) {
    die("become user " + std::to_string(plan.uid));
  }
  // What the supervisor adds for every MPI task.
  variables.push_back("OMPI_MCA_schizo=^orte");
  variables.push_back("OMPI_MCA_ess=pmi");
  variables.push_back("OMPI_MCA_hwloc_base_binding_policy=none");
  variables.push_back("OMPI_MCA_mpi_yield_when_idle=1");
  variables.push_back("PATH=/usr/bin:/bin");
  variables.push_back("HOME=/");
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  ::execve(program[0], program, environment.data());
  die(std::string("execute ") + program[0]);
}

// What the loop works on.
struct Node {
  MpiPlan plan;
  Inbox inbox;
  std::unique_ptr<MpiServer> server;
  std::map<int, std::uint32_t> rank_by_pid;
  bool is_over = false;  // the relay closed: nothing runs any more
};

void kill_ranks(const Node& node) {
  for (const auto& [pid, rank] : node.rank_by_pid) ::kill(pid, SIGKILL);
}

void take_relayed(Node* node, RelayMessage message) {
  switch (message.kind) {
    case RelayMessage::fence_done:
      return node->server->fence_done(message.id, message.status, message.data);
    case RelayMessage::modex_done:
      return node->server->modex_done(message.number, message.status, message.data);
    case RelayMessage::modex_ask:
      return node->server->modex_asked(
          static_cast<std::uint32_t>(message.status), "",
          [node, number = message.number, from = message.nodes](int status, std::string data) {
            node->inbox.put({RelayMessage::modex_done, number, status, "", std::move(data), from});
          });
    default:
      return kill_ranks(*node);
  }
}

void reap(Node* node) {
  int status = 0;
  for (int pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const std::uint32_t rank = node->rank_by_pid.at(pid);
    node->rank_by_pid.erase(pid);
    std::printf("rank %u exit %d signal %d\n", rank, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    const bool is_bad = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    if (is_bad) send_message(relay_fd, {RelayMessage::bad_exit, 0, 0, "", "", {}});
  }
}

void start_ranks(Node* node, char** program) {
  const MpiNode& here = node->plan.nodes[node->plan.node_index];
  for (std::uint32_t i = 0; i < here.tasks; ++i) {
    auto variables = node->server->environment(here.first_task + i);
    if (!variables) die(variables.error().message);
    variables->push_back("COX_NTASKS=" + std::to_string(node->plan.nodes.back().first_task +
                                                        node->plan.nodes.back().tasks));
    node->rank_by_pid[start_rank(node->plan, *variables, program)] = here.first_task + i;
  }
}

void run(Node* node, int signals) {
  while (!node->rank_by_pid.empty() && !node->is_over) {
    pollfd ready[] = {
        {relay_fd, POLLIN, 0}, {node->inbox.descriptor(), POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(ready, 3, -1) < 0) continue;
    if (ready[0].revents != 0) {
      RelayMessage message;
      if (receive_message(relay_fd, &message)) {
        take_relayed(node, std::move(message));
      } else {
        kill_ranks(*node);
        node->is_over = true;
      }
    }
    for (RelayMessage& message : node->inbox.take()) send_message(relay_fd, message);
    signalfd_siginfo info;
    if (ready[2].revents != 0 && ::read(signals, &info, sizeof info) > 0) reap(node);
  }
}

int open_and_run(char** argv) {
  Node node;
  node.plan = read_plan(argv);
  void* library = ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) die(::dlerror());
  const auto open = reinterpret_cast<MpiServerOpen>(::dlsym(library, mpi_server_entry));
  if (open == nullptr) die(::dlerror());
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  const int signals = ::signalfd(-1, &child, SFD_CLOEXEC);
  std::string error;
  node.server.reset(open(node.plan, events_into(&node.inbox), &error));
  if (node.server == nullptr) die(error);
  start_ranks(&node, argv + 7);
  run(&node, signals);
  std::printf("connected %u\n", node.server->connected_ranks());
  std::fflush(stdout);
  node.server.reset();
  std::puts("closed");
  std::fflush(stdout);
  return 0;
}

}  // namespace
}  // namespace cox::stepd

int main(int argc, char** argv) {
  if (argc < 8) {
    std::fputs("usage: node LIBRARY NSPACE NAME:TASKS,... INDEX UID TMP_DIR PROGRAM [ARGS]\n",
               stderr);
    return 2;
  }
  return cox::stepd::open_and_run(argv);
}
