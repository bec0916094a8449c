// See answers.h.
#include "cmds/up/answers.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "cmds/client/find_cluster.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "common/node_list.h"
#include "platform/file.h"

namespace cox::cmds {
namespace {

constexpr Duration ready_time = seconds(60);

ClusterAddress at_socket(const std::string& path) {
  return {platform::Address{path, "", 0}, ""};
}

/// A connection over which something was answered: a process that is stopped or dying has one too.
Result<Session> open_answered(const std::string& socket) {
  auto session = Session::open(at_socket(socket));
  if (!session) return session;
  wire::ClientRequest request;
  request.mutable_status();
  const auto reply = session->ask(request);
  return reply ? std::move(session) : Result<Session>(Failure(reply.error()));
}

Result<wire::NodeList> list_nodes(Session& session) {
  wire::ClientRequest request;
  request.mutable_list_nodes();
  auto reply = session.ask(request);
  if (!reply) return Failure(reply.error());
  return std::move(*reply->mutable_nodes());
}

/// Of the first `nodes` nodes, those that the controller does not hear.
Result<std::vector<std::string>> missing_nodes(Session& session, std::uint32_t nodes) {
  const auto known = list_nodes(session);
  if (!known) return Failure(known.error());
  std::unordered_set<std::string> heard;
  for (const wire::NodeView& node : known->nodes()) {
    if (node.state() != "silent" && node.state() != "lost") heard.insert(node.name());
  }
  std::vector<std::string> missing;
  for (std::uint32_t i = 0; i < nodes; ++i) {
    if (!heard.contains(node_name(i))) missing.push_back(node_name(i));
  }
  return missing;
}

}  // namespace

Result<Session> connect_to_controller(const std::string& dir, Starter& starter) {
  const Instant deadline = wall_now() + ready_time;
  Progress progress;
  progress.show("waiting for the controller");
  int pause_ms = 1;
  while (true) {
    const bool is_held = platform::lock_holder(controller_pid_file(dir)).value_or(0) != 0;
    if (!is_held && starter.started() == 0) {
      if (auto fresh = forget_stopped(dir); !fresh) return Failure(fresh.error());
      if (auto started = starter.start_controller(); !started) return Failure(started.error());
    }
    auto session = open_answered(controller_socket(dir));
    if (session) return session;
    const auto alive = starter.check_alive();
    if (!alive) return Failure(alive.error());
    if (session.error().code != Code::unreachable || wall_now() >= deadline) {
      return Failure(session.error());
    }
    starter.pause(pause_ms);
    pause_ms = std::min(pause_ms * 2, 50);
  }
}

Result<std::string> left_out_nodes(Session& session) {
  const auto known = list_nodes(session);
  if (!known) return Failure(known.error());
  std::vector<std::string> names;
  for (const wire::NodeView& node : known->nodes()) {
    if (node.partitions().empty()) names.push_back(node.name());
  }
  return fold_node_list(names);
}

Result<void> wait_for_nodes(Session& session,
                            std::uint32_t nodes,
                            const ClusterRecord& record,
                            Starter& starter) {
  const Instant deadline = wall_now() + ready_time;
  Progress progress;
  int pause_ms = 1;
  while (true) {
    const auto missing = missing_nodes(session, nodes);
    if (!missing) return Failure(missing.error());
    if (missing->empty()) return {};
    progress.show(std::to_string(nodes - missing->size()) + " of " + std::to_string(record.nodes) +
                  " nodes are ready");
    const auto alive = starter.check_alive();
    if (!alive) return alive;
    if (wall_now() >= deadline) {
      return fail(Code::timed_out, "no word from nodes " + fold_node_list(*missing) + " in 60 s");
    }
    starter.pause(pause_ms);
    pause_ms = std::min(pause_ms * 2, 50);
  }
}

Result<bool> lacks_daemon(const std::string& dir, const std::string& node, Starter& starter) {
  const Instant deadline = wall_now() + ready_time;
  Progress progress;
  int pause_ms = 1;
  while (true) {
    const int pid = platform::lock_holder(node_pid_file(dir, node)).value_or(0);
    if (pid == 0) return true;
    const std::string who = "coxnoded " + node + ", process " + std::to_string(pid);
    progress.show("waiting for an answer of " + who);
    if (open_answered(node_socket(dir, node))) return false;
    if (auto alive = starter.check_alive(); !alive) return Failure(alive.error());
    if (wall_now() >= deadline) {
      return fail(Code::timed_out,
                  who + ", does not answer in 60 s (its log: " + dir + "/noded-" + node + ".log)");
    }
    starter.pause(pause_ms);
    pause_ms = std::min(pause_ms * 2, 50);
  }
}

}  // namespace cox::cmds
