// The controller's side of its nodes: sessions and who they are, reports in, effects out.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/effect.h"
#include "ctld/log.h"
#include "ctld/machine.h"
#include "ctld/output_queue.h"
#include "ctld/outside.h"
#include "ctld/translate/controller_message.h"
#include "model/ids.h"
#include "wire/node.pb.h"

namespace cox::ctld {

class NodeDesk {
 public:
  NodeDesk(Machine& machine,
           OutputQueue& outputs,
           Journal& journal,
           const std::string& cluster_key,
           const Log& log)
      : machine_(machine),
        outputs_(outputs),
        journal_(journal),
        cluster_key_(cluster_key),
        log_(log) {}

  /// A connection that was authenticated as node `name`.
  void opened(Session session, std::string name);
  void closed(Session session);
  void said(Session session, const wire::NodeMessage& message);
  /// Time passed: connections that have been silent for too long are given up.
  void tick();

  /// Who hears what nodes answer to ask(), and of nodes that will not answer any more.
  void on_processes(std::function<void(NodeId, const wire::Processes&)> told,
                    std::function<void(NodeId)> lost) {
    told_ = std::move(told);
    lost_ = std::move(lost);
  }

  /// To a node that is connected.
  void ask(NodeId node, const wire::AskProcesses& question);

  /// The configuration changed: every node hears what of it concerns it.
  void tell_terms();

  /// Sends what the facts of this turn ask for. An effect whose contents have to be read first
  /// waits, with later ones of the same attempt on the same node; others do not. What cannot be
  /// built is told to the core.
  void carry_out(const core::Effects& effects);

 private:
  /// Of one attempt on one node.
  using QueueKey = std::pair<NodeId, AttemptKey>;

  /// Effects in order, the first of which waits for content.
  struct Queue {
    std::deque<core::Effect> effects;
    Contents read;  // kept for the first effect, however full the table is
  };

  /// Sends the effects of the queue until one has to wait.
  void drain(const QueueKey& key);
  void drop_queues(NodeId node);

  struct Link {
    std::string name;
    std::optional<NodeId> node;  // once registered
    Instant opened;
  };

  void register_node(Session session, Link& link, const wire::Register& message);
  void refuse(Session session, const std::string& name, const Error& error);
  void replace(Session session, NodeId node);
  void end(Session session);
  std::string addressed(Session session, wire::ControllerMessage message) const;
  void send(Session session, wire::ControllerMessage message);
  void carry_out(const core::Effect& effect);
  void tell_who_stands(const core::SendPause& before);
  void send_effect(const core::Effect& effect, const Contents& contents);
  /// The contents at hand; what is missing goes to `missing`.
  Contents gather(const core::Effect& effect, const Contents& read, std::vector<Hash>* missing);
  void read(const Hash& hash);
  void got(const Hash& hash, Result<std::string> bytes);
  void cannot_prepare(const core::SendPrepare& effect, const Error& error);

  Machine& machine_;
  OutputQueue& outputs_;
  Journal& journal_;
  const std::string& cluster_key_;
  const Log& log_;
  std::map<Session, Link> links_;
  Instant ticked_;
  std::function<void(NodeId, const wire::Processes&)> told_ = [](NodeId, const auto&) {};
  std::function<void(NodeId)> lost_ = [](NodeId) {};
  std::map<QueueKey, Queue> queues_;
  std::set<Hash> asked_;
  std::map<Hash, std::set<QueueKey>> reading_;  // who waits for which content
};

}  // namespace cox::ctld
