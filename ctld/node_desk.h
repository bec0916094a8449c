// The controller's side of its nodes: sessions and who they are, reports in, effects out.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/effect.h"
#include "ctld/log.h"
#include "ctld/machine.h"
#include "ctld/output_queue.h"
#include "model/ids.h"
#include "wire/node.pb.h"

namespace cox::ctld {

class NodeDesk {
 public:
  NodeDesk(Machine& machine, OutputQueue& outputs, const std::string& cluster_key, const Log& log)
      : machine_(machine), outputs_(outputs), cluster_key_(cluster_key), log_(log) {}

  /// A connection that was authenticated as node `name`.
  void opened(Session session, std::string name);
  void closed(Session session);
  void said(Session session, const wire::NodeMessage& message);
  /// Time passed: connections that have been silent for too long are given up.
  void tick();

  /// Sends what the facts of this turn ask for. What cannot be built is told to the core.
  void carry_out(const core::Effects& effects);

 private:
  struct Link {
    std::string name;
    std::optional<NodeId> node;  // once registered
    Instant opened;
  };

  void register_node(Session session, Link& link, const wire::Register& message);
  void refuse(Session session, const std::string& name, const Error& error);
  void replace(Session session, NodeId node);
  void end(Session session);
  void send(Session session, wire::ControllerMessage message);
  void carry_out(const core::Effect& effect);
  void cannot_prepare(const core::SendPrepare& effect, const Error& error);

  Machine& machine_;
  OutputQueue& outputs_;
  const std::string& cluster_key_;
  const Log& log_;
  std::map<Session, Link> links_;
  Instant ticked_;
};

}  // namespace cox::ctld
