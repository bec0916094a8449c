// Registrations, reports and effects.
#include "ctld/node_desk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ctld/translate/node_message.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

constexpr std::int64_t silences_max = 3;  // times silent_after
constexpr Duration own_pause_max = seconds(5);

/// What a node needs to know of the configuration, in a registration or later.
template <class Message>
void put_terms(const Settings& settings, Message* to) {
  to->set_kill_wait_us(settings.kill_wait.us);
  to->set_silent_after_us(settings.silent_after.us);
  wire::put(settings.programs, to->mutable_programs());
  if (!settings.fence_self) return;
  to->set_fence_after_us(fence_after(settings).us);
  to->set_fence_kill_wait_us(fence_kill_wait(settings).us);
}

}  // namespace

void NodeDesk::tell_terms() {
  for (const auto& [session, link] : links_) {
    if (!link.node) continue;
    wire::ControllerMessage message;
    put_terms(machine_.state().record.settings, message.mutable_terms());
    send(session, std::move(message));
  }
}

void NodeDesk::opened(Session session, std::string name) {
  links_.emplace(session, Link{std::move(name), std::nullopt, machine_.now()});
}

/// A peer that vanished says nothing for ever; the kernel would notice only much later. Not after a
/// pause of our own, when what was sent meanwhile is still unread.
void NodeDesk::tick() {
  const Instant now = machine_.now();
  const Instant before = std::exchange(ticked_, now);
  if (!before.is_set() || now > before + own_pause_max) return;
  const Duration patience =
      microseconds(silences_max * machine_.state().record.settings.silent_after.us);
  std::vector<Session> gone;
  for (const auto& [session, link] : links_) {
    const Instant heard =
        link.node ? machine_.contact().nodes[link.node->value].last_heard : link.opened;
    if (now > heard + patience) gone.push_back(session);
  }
  for (const Session session : gone) {
    log_.warning("node " + links_.at(session).name + ": silent for " + to_text(patience) +
                 ", its connection is given up");
    end(session);
  }
}

void NodeDesk::closed(Session session) {
  const auto link = links_.find(session);
  if (link == links_.end()) return;
  if (link->second.node) {
    log_.info("node " + link->second.name + ": connection closed");
    machine_.ask(core::NodeDisconnected{*link->second.node, session});
    drop_queues(*link->second.node);
    lost_(*link->second.node);
  }
  links_.erase(link);
}

void NodeDesk::ask(NodeId node, const wire::AskProcesses& question) {
  wire::ControllerMessage message;
  *message.mutable_ask_processes() = question;
  send(machine_.contact().nodes[node.value].session, std::move(message));
}

void NodeDesk::said(Session session, const wire::NodeMessage& message) {
  const auto found = links_.find(session);
  if (found == links_.end()) return;
  Link& link = found->second;
  if (message.body_case() == wire::NodeMessage::kRegister) {
    // Once per session: what a second copy says it holds may be long past.
    if (link.node) return;
    register_node(session, link, message.register_());
    return;
  }
  if (!link.node) {
    refuse(session, link.name, {Code::bad_usage, "a message before registration"});
    return;
  }
  if (const std::uint64_t number = message.heartbeat().number(); number != 0) {
    wire::ControllerMessage answer;
    answer.mutable_heard()->set_number(number);
    outputs_.to_node_at_once(session, addressed(session, std::move(answer)));
  }
  if (message.has_processes()) {
    machine_.ask(core::Heartbeat{*link.node, session});  // a sign of life like any other
    return told_(*link.node, message.processes());
  }
  auto request = translate_node(message, *link.node, session);
  if (!request) {
    log_.warning("node " + link.name + ": " + request.error().message);
    end(session);
    return;
  }
  if (auto asked = machine_.ask(*request); !asked) {
    log_.warning("node " + link.name + ": " + asked.error().message);
  }
}

void NodeDesk::register_node(Session session, Link& link, const wire::Register& message) {
  auto request = translate_register(message, link.name, session);
  auto asked = request ? machine_.ask(*request) : tl::unexpected(request.error());
  if (!asked) {
    refuse(session, link.name, asked.error());
    return;
  }
  const auto node = machine_.state().node_named(link.name);
  if (!node) {
    refuse(session, link.name, {Code::internal, "the registration left no node"});
    return;
  }
  link.node = node;
  replace(session, *node);
  lost_(*node);        // what the session before was asked is not answered any more
  drop_queues(*node);  // meant for the session before; what is still true is found below
  log_.info("node " + link.name + ": registered, holds " + std::to_string(request->held.size()) +
            " attempts");
  wire::ControllerMessage reply;
  const Settings& settings = machine_.state().record.settings;
  reply.mutable_registered()->set_node(node->value);
  reply.mutable_registered()->set_cluster(settings.cluster);
  put_terms(settings, reply.mutable_registered());
  send(session, std::move(reply));
  machine_.reconcile(*node, request->held);
}

/// `name` may be the link's own, which does not outlive this.
void NodeDesk::refuse(Session session, const std::string& name, const Error& error) {
  log_.warning("node " + name + " refused: " + error.message);
  wire::ControllerMessage reply;
  reply.mutable_registered()->set_error(error.message);
  send(session, std::move(reply));
  end(session);
}

/// We close; nobody will tell us that it is closed.
void NodeDesk::end(Session session) {
  outputs_.drop_node(machine_.last_sequence(), session);
  closed(session);
}

/// A node has one session: the newest. Older connections of it are ended.
void NodeDesk::replace(Session session, NodeId node) {
  for (auto link = links_.begin(); link != links_.end();) {
    if (link->first == session || link->second.node != node) {
      ++link;
      continue;
    }
    outputs_.drop_node(machine_.last_sequence(), link->first);
    link = links_.erase(link);
  }
}

std::string NodeDesk::addressed(Session session, wire::ControllerMessage message) const {
  message.set_epoch(machine_.state().record.epoch.value);
  message.set_session(session.value);
  return message.SerializeAsString();
}

void NodeDesk::send(Session session, wire::ControllerMessage message) {
  outputs_.to_node(machine_.last_sequence(), session, addressed(session, std::move(message)));
}

void NodeDesk::carry_out(const core::Effects& effects) {
  for (const core::Effect& effect : effects) carry_out(effect);
}

void NodeDesk::carry_out(const core::Effect& effect) {
  const NodeId node = effect_node(effect);
  // A node without a connection learns at its registration what it should do.
  if (!machine_.contact().is_connected(node)) return;
  const QueueKey key{node, effect_attempt(effect)};
  if (const auto queue = queues_.find(key); queue != queues_.end()) {
    queue->second.effects.push_back(effect);
    return;
  }
  std::vector<Hash> missing;
  const Contents contents = gather(effect, {}, &missing);
  if (missing.empty()) return send_effect(effect, contents);
  queues_[key].effects.push_back(effect);
  queues_[key].read = contents;
  for (const Hash& hash : missing) reading_[hash].insert(key);
  for (const Hash& hash : missing) read(hash);
}

/// Messages are made when they leave, so that one may say that a job goes on before the other row's
/// have been told to stand: they are told first, again where they have been.
void NodeDesk::tell_who_stands(const core::SendPause& before) {
  const core::State& state = machine_.state();
  const core::Job* goes = state.find_job(before.job);
  if (goes == nullptr || goes->run->stands.is_set() || goes->run->allocation.row == 0) return;
  for (const JobId id : state.index.jobs_on_node[before.node.value]) {
    const core::JobRun& run = *state.find_job(id)->run;
    if (run.allocation.row == 0 || !run.stands.is_set()) continue;
    send_effect(core::SendPause{before.node, id, state.find_job(id)->attempt}, {});
  }
}

void NodeDesk::send_effect(const core::Effect& effect, const Contents& contents) {
  const NodeId node = effect_node(effect);
  if (!machine_.contact().is_connected(node)) return;
  if (const auto* pause = std::get_if<core::SendPause>(&effect)) tell_who_stands(*pause);
  const MessageSource source{machine_.state(), machine_.contact(), contents, cluster_key_,
                             machine_.now()};
  auto message = translate_effect(source, effect);
  if (message) {
    send(machine_.contact().nodes[node.value].session, std::move(*message));
  } else if (message.error().code != Code::not_found) {
    log_.error("effect for node " + std::to_string(node.value) + ": " + message.error().message);
    if (const auto* prepare = std::get_if<core::SendPrepare>(&effect)) {
      cannot_prepare(*prepare, message.error());
    }
  }
}

Contents NodeDesk::gather(const core::Effect& effect,
                          const Contents& read,
                          std::vector<Hash>* missing) {
  Contents found;
  for (const Hash& hash : contents_of(machine_.state(), effect)) {
    const auto kept = std::ranges::find(read, hash, &Blob::hash);
    if (kept != read.end()) {
      found.push_back(*kept);
    } else if (auto bytes = machine_.blobs().find(hash)) {
      found.push_back({hash, std::move(bytes)});
    } else {
      missing->push_back(hash);
    }
  }
  return found;
}

/// Once for all who wait. The answer may come at once.
void NodeDesk::read(const Hash& hash) {
  if (!asked_.insert(hash).second) return;
  journal_.read_blob(hash,
                     [this, hash](Result<std::string> bytes) { got(hash, std::move(bytes)); });
}

void NodeDesk::got(const Hash& hash, Result<std::string> bytes) {
  asked_.erase(hash);
  BlobTable::Bytes content;
  if (bytes) {
    content = std::make_shared<const std::string>(std::move(*bytes));
    machine_.blobs().fill(hash, content);
  }
  const auto waiting = reading_.extract(hash);
  if (waiting.empty()) return;
  for (const QueueKey& key : waiting.mapped()) {
    const auto queue = queues_.find(key);
    if (queue == queues_.end()) continue;
    queue->second.read.push_back({hash, content});
    drain(key);
  }
}

void NodeDesk::drain(const QueueKey& key) {
  Queue& queue = queues_[key];
  while (!queue.effects.empty()) {
    std::vector<Hash> missing;
    const Contents contents = gather(queue.effects.front(), queue.read, &missing);
    if (!missing.empty()) {
      queue.read = contents;
      for (const Hash& hash : missing) reading_[hash].insert(key);
      for (const Hash& hash : missing) read(hash);
      return;
    }
    const core::Effect effect = queue.effects.front();
    queue.effects.pop_front();
    send_effect(effect, contents);
  }
  queues_.erase(key);
}

/// The node is gone: its next registration says anew what it needs.
void NodeDesk::drop_queues(NodeId node) {
  std::erase_if(queues_, [node](const auto& queue) { return queue.first.first == node; });
}

/// Content that the store lost: the job fails with that reason instead of starting for ever.
void NodeDesk::cannot_prepare(const core::SendPrepare& effect, const Error& error) {
  core::ReportPrepared report;
  report.node = effect.node;
  report.session = machine_.contact().nodes[effect.node.value].session;
  report.job = effect.job;
  report.attempt = effect.attempt;
  report.failure = error.message;
  report.node_at_fault = false;
  machine_.ask(report);
}

}  // namespace cox::ctld
