// See relay.h.
#include "noded/stepd/pmix/testing/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <utility>

namespace cox::stepd {
namespace {

struct Header {
  std::uint32_t kind = 0;
  std::int32_t status = 0;
  std::uint64_t number = 0;
  std::uint64_t id_size = 0, data_size = 0, node_count = 0;
};

bool read_all(int fd, void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size != 0) {
    const ssize_t got = ::recv(fd, at, size, MSG_WAITALL);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

void write_all(int fd, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t put = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) return;
    sent += static_cast<std::size_t>(put);
  }
}

struct Fence {
  std::set<std::uint32_t> arrived;
  std::string data;
};

struct Run {
  const RunRequest& request;
  std::string nspace, directory;
  std::vector<int> links, outputs, pids;  // by node; a closed descriptor is -1
  std::map<std::string, Fence> fences;
  RunReport report;
};

std::uint32_t owner_of(const Run& run, std::uint32_t rank) {
  std::uint32_t node = 0;
  while (node + 1 < run.request.tasks.size() && rank >= run.request.tasks[node]) {
    rank -= run.request.tasks[node++];
  }
  return node;
}

std::string nodes_text(const RunRequest& request) {
  std::string text;
  for (std::size_t i = 0; i < request.tasks.size(); ++i) {
    text +=
        (i == 0 ? "node" : ",node") + std::to_string(i) + ':' + std::to_string(request.tasks[i]);
  }
  return text;
}

std::vector<std::string> node_command(const Run& run, std::uint32_t node) {
  const std::string tmp = run.directory + "/" + std::to_string(node);
  ::mkdir(tmp.c_str(), 0700);
  if (::chown(tmp.c_str(), run.request.uid, run.request.uid) != 0) std::perror("chown");
  std::vector<std::string> command{run.request.node_program,
                                   run.request.library,
                                   run.nspace,
                                   nodes_text(run.request),
                                   std::to_string(node),
                                   std::to_string(run.request.uid),
                                   tmp};
  command.insert(command.end(), run.request.program.begin(), run.request.program.end());
  return command;
}

void start_node(Run* run, std::uint32_t node) {
  int link[2], output[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) != 0 ||
      ::pipe2(output, O_CLOEXEC) != 0) {
    std::abort();
  }
  std::vector<std::string> command = node_command(*run, node);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int pid = ::fork();
  if (pid == 0) {
    ::dup2(output[1], 1);
    ::dup2(output[1], 2);
    if (link[1] == 3) ::fcntl(3, F_SETFD, 0);
    ::dup2(link[1], 3);
    ::execv(arguments[0], arguments.data());
    std::_Exit(127);
  }
  ::close(link[1]);
  ::close(output[1]);
  run->links.push_back(link[0]);
  run->outputs.push_back(output[0]);
  run->pids.push_back(pid);
}

void end_ranks(Run* run) {
  for (const int link : run->links) {
    if (link >= 0) send_message(link, {RelayMessage::abort, 0, 0, "", "", {}});
  }
}

void take_fence(Run* run, std::uint32_t from, RelayMessage message) {
  Fence& fence = run->fences[message.id];
  fence.arrived.insert(from);
  fence.data += message.data;
  if (fence.arrived.size() != message.nodes.size()) return;
  const RelayMessage done{RelayMessage::fence_done, 0, 0, message.id, fence.data, {}};
  run->fences.erase(message.id);
  for (const std::uint32_t node : message.nodes) send_message(run->links[node], done);
}

void take(Run* run, std::uint32_t from, RelayMessage message) {
  switch (message.kind) {
    case RelayMessage::fence:
      return take_fence(run, from, std::move(message));
    case RelayMessage::modex_ask:
      message.nodes = {from};
      return send_message(run->links[owner_of(*run, static_cast<std::uint32_t>(message.status))],
                          message);
    case RelayMessage::modex_done:
      return send_message(run->links[message.nodes.at(0)], message);
    case RelayMessage::abort:
      run->report.aborted = message.status;
      run->report.abort_message = message.data;
      return end_ranks(run);
    default:
      return end_ranks(run);
  }
}

// Until every node closed its output: then it and all its ranks are gone.
void relay(Run* run) {
  const std::size_t count = run->links.size();
  for (std::size_t open = count; open != 0;) {
    std::vector<pollfd> ready;
    for (const int fd : run->links) ready.push_back({fd, POLLIN, 0});
    for (const int fd : run->outputs) ready.push_back({fd, POLLIN, 0});
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < count; ++i) {
      RelayMessage message;
      if (ready[i].revents != 0) {
        if (receive_message(run->links[i], &message)) {
          take(run, static_cast<std::uint32_t>(i), std::move(message));
        } else {
          ::close(std::exchange(run->links[i], -1));
        }
      }
      if (ready[count + i].revents == 0) continue;
      char buffer[4096];
      const ssize_t got = ::read(run->outputs[i], buffer, sizeof buffer);
      if (got > 0) {
        run->report.output.append(buffer, static_cast<std::size_t>(got));
      } else {
        ::close(std::exchange(run->outputs[i], -1));
        --open;
      }
    }
  }
}

void read_reports(RunReport* report) {
  std::istringstream lines(report->output);
  for (std::string line; std::getline(lines, line);) {
    unsigned rank = 0, connected = 0;
    int code = 0, signal = 0;
    if (std::sscanf(line.c_str(), "rank %u exit %d signal %d", &rank, &code, &signal) == 3) {
      report->exits[rank] = signal != 0 ? -signal : code;
    }
    if (std::sscanf(line.c_str(), "connected %u", &connected) == 1) report->connected += connected;
    if (line == "closed") ++report->closed;
  }
}

}  // namespace

void send_message(int fd, const RelayMessage& message) {
  const Header header{message.kind,      message.status,      message.number,
                      message.id.size(), message.data.size(), message.nodes.size()};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += message.id + message.data;
  bytes.append(reinterpret_cast<const char*>(message.nodes.data()),
               message.nodes.size() * sizeof(std::uint32_t));
  write_all(fd, bytes);
}

bool receive_message(int fd, RelayMessage* message) {
  Header header;
  if (!read_all(fd, &header, sizeof header)) return false;
  message->kind = static_cast<RelayMessage::Kind>(header.kind);
  message->status = header.status;
  message->number = header.number;
  message->id.resize(header.id_size);
  message->data.resize(header.data_size);
  message->nodes.resize(header.node_count);
  return read_all(fd, message->id.data(), header.id_size) &&
         read_all(fd, message->data.data(), header.data_size) &&
         read_all(fd, message->nodes.data(), header.node_count * sizeof(std::uint32_t));
}

RunReport run_nodes(const RunRequest& request) {
  char directory[] = "/tmp/coxpmix-XXXXXX";
  if (::mkdtemp(directory) == nullptr || ::chmod(directory, 0711) != 0) std::abort();
  const std::string nspace = std::string("test") + (directory + sizeof "/tmp/coxpmix");
  Run run{request, nspace, directory, {}, {}, {}, {}, {}};
  for (std::uint32_t node = 0; node < request.tasks.size(); ++node) start_node(&run, node);
  relay(&run);
  for (const int pid : run.pids) ::waitpid(pid, nullptr, 0);
  for (const int link : run.links) {
    if (link >= 0) ::close(link);
  }
  read_reports(&run.report);
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    const std::string name = entry.path().filename();
    if (name.find(nspace) != std::string::npos) run.report.left_behind.push_back(name);
  }
  std::filesystem::remove_all(directory);
  return std::move(run.report);
}

}  // namespace cox::stepd
