// Connections of the daemon: who may be what, and what they say.
#include "ctld/daemon_body.h"
#include "ctld/translate/frame_check.h"
#include "ctld/translate/vouched.h"
#include "wire/model_codec.h"
#include "wire/with_message.h"

namespace cox::ctld {

namespace {

constexpr unsigned socket_mode = 0666;  // who may do what is decided by peer credentials

bool is_trusted(Uid uid) {
  return uid == 0 || uid == ::geteuid();
}

}  // namespace

Result<void> Daemon::Body::listen(const platform::Address& address) {
  link::Trust trust;
  trust.key = dir.cluster_key;
  trust.admission = admission;
  trust.takes_tokens = true;
  if (options.config.settings.auth == "munge") {
    trust.remote_auth = wire::AUTH_MUNGE;
    trust.credentials = &munge;
  }
  auto bound = link::listen(
      *loop, address, socket_mode, trust,
      [this](std::shared_ptr<link::Link> link) { opened(link); },
      [this](const Error& error) { options.log.warning("connection refused: " + error.message); });
  if (!bound) return tl::unexpected(bound.error());
  options.log.info("listening at " + bound->text());
  return {};
}

void Daemon::Body::opened(const std::shared_ptr<link::Link>& link) {
  const wire::Peer& peer = link->peer();
  if (peer.kind == wire::PEER_CLIENT) return opened_client(link);
  const bool may_be_node = peer.auth == wire::AUTH_KEY || is_trusted(peer.uid);
  if (may_be_node && peer.kind == wire::PEER_NODE) return opened_node(link);
  if (may_be_node && peer.kind == wire::PEER_FORWARD) return opened_forward(link);
  options.log.warning("connection refused: uid " + std::to_string(peer.uid) + " may not be a node");
  link->close();
}

void Daemon::Body::opened_node(const std::shared_ptr<link::Link>& link) {
  touch();
  const Session session = links.add_node(link);
  controller.node_opened(session, link->peer().name);
  link->on_closed([this, session](const Error&) { close_node(session); });
  link->on_frames(
      [this, session](std::vector<std::string> frames) { node_frames(session, frames); });
}

void Daemon::Body::opened_client(const std::shared_ptr<link::Link>& link) {
  touch();
  const wire::Peer& peer = link->peer();
  const bool is_owner = peer.auth == wire::AUTH_KEY || is_trusted(peer.uid);
  Caller caller{peer.uid, peer.gid, is_owner ? Role::administrator : Role::user};
  if (peer.auth == wire::AUTH_KEY) caller = {::geteuid(), ::getegid(), Role::administrator};
  const ClientId client = links.add_client(link);
  if (peer.token.empty()) {
    controller.client_opened(client, caller);
  } else {
    controller.joiner_opened(client, peer.token);
  }
  link->on_closed([this, client](const Error&) { close_client(client); });
  link->on_frames(
      [this, client](std::vector<std::string> frames) { client_frames(client, frames); });
}

/// The client's rights depend on the first frame, so the controller hears of it then.
void Daemon::Body::opened_forward(const std::shared_ptr<link::Link>& link) {
  const ClientId client = links.add_client(link);
  link->on_closed([this, client](const Error&) { close_client(client); });
  link->on_frames([this, client, node = link->peer().name,
                   is_vouched = false](std::vector<std::string> frames) mutable {
    touch();
    if (!std::exchange(is_vouched, true)) {
      if (!take_vouched(client, frames.front(), node)) return;
      frames.erase(frames.begin());
    }
    client_frames(client, frames);
  });
}

bool Daemon::Body::take_vouched(ClientId client,
                                const std::string& frame,
                                const std::string& node) {
  const auto caller = translate_vouched(frame, node, controller.machine().state(),
                                        {::geteuid(), options.config.root_from_nodes});
  if (caller) {
    controller.client_opened(client, *caller);
    return true;
  }
  options.log.warning("connection refused: " + caller.error().message);
  wire::ClientReply reply;
  reply.set_last(true);
  wire::put(caller.error(), reply.mutable_error());
  const auto link = links.remove(client);
  link->send(reply.SerializeAsString());
  link->close(true);
  loop->post([link] {});
  return false;
}

void Daemon::Body::node_frames(Session session, const std::vector<std::string>& frames) {
  touch();
  for (const std::string& frame : frames) {
    wire::NodeMessage message;
    if (!message.ParseFromString(frame)) {
      options.log.warning("a node sent what is no message: connection closed");
      return close_node(session);
    }
    controller.node_said(session, message);
  }
}

void Daemon::Body::client_frames(ClientId client, const std::vector<std::string>& frames) {
  touch();
  for (const std::string& frame : frames) {
    const auto checked = check_frame(frame);
    const auto obey = [&](wire::ClientRequest* request) {
      if (!request->ParseFromString(frame)) return false;
      const Duration before = loop->monotonic();
      controller.client_said(client, *request);
      measured.requests[request->body_case()].add(Duration{loop->monotonic().us - before.us});
      return true;
    };
    if (checked && wire::with_message<wire::ClientRequest>(obey)) continue;
    options.log.warning("a client is cut off: " +
                        (checked ? "a frame that is no request" : checked.error().message));
    return close_client(client);
  }
}

void Daemon::Body::close_node(Session session) {
  touch();
  bury(links.remove(session));
  controller.node_closed(session);
}

void Daemon::Body::close_client(ClientId client) {
  touch();
  bury(links.remove(client));
  controller.client_closed(client);
}

/// The link may be the one that calls us now: it goes when its call is over.
void Daemon::Body::bury(LinkTable::Link link) {
  if (link == nullptr) return;
  link->close();
  loop->post([link = std::move(link)] {});
}

}  // namespace cox::ctld
