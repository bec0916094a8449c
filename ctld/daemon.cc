// Wiring: what arrives begins a turn; the end of the loop's turn ends it.
#include "ctld/daemon.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "ctld/blocking_pool.h"
#include "ctld/controller.h"
#include "ctld/link_table.h"
#include "ctld/pass_pace.h"
#include "ctld/policies.h"
#include "ctld/state_dir.h"
#include "ctld/store/sqlite_store.h"
#include "ctld/store/store_thread.h"
#include "link/link.h"
#include "link/munge_source.h"
#include "platform/loop.h"
#include "platform/user.h"

namespace cox::ctld {

namespace {

constexpr int exit_storage_failed = 70;
constexpr unsigned socket_mode = 0666;  // who may do what is decided by peer credentials
constexpr std::size_t pool_threads = 2;
constexpr Duration tick_period = seconds(1);
constexpr Duration slow_reader_pause = milliseconds(10);
constexpr Duration farewell = milliseconds(50);  // for the last replies to leave

bool is_trusted(Uid uid) {
  return uid == 0 || uid == ::geteuid();
}

}  // namespace

struct Daemon::Body final : Journal, Users {
  Body(DaemonOptions chosen,
       StateDir directory,
       PolicySet set,
       std::unique_ptr<platform::Loop> made)
      : options(std::move(chosen)),
        dir(std::move(directory)),
        policies(std::move(set)),
        loop(std::move(made)),
        controller({{policies.select.get(), policies.priority.get()},
                    *this,
                    links,
                    links,
                    *this,
                    dir.cluster_key,
                    {dir.path, options.settings.auth, static_cast<std::uint64_t>(::getpid())},
                    options.log}) {}

  // Journal: the store thread, which answers through the loop.
  void append(Batch batch) override { store_thread->append(std::move(batch)); }

  // Users: the pool, which answers within a turn.
  void resolve(Uid uid,
               std::uint32_t gid,
               std::function<void(Result<UserIdentity>)> done) override {
    pool.run([this, uid, gid, done = std::move(done)] {
      auto user = platform::resolve_user(uid, gid);
      loop->post([this, done, user = std::move(user)] {
        touch();
        done(user);
      });
    });
  }

  Result<void> open_store();
  Result<void> listen(const platform::Address& address);
  void opened(const std::shared_ptr<link::Link>& link);
  void opened_node(const std::shared_ptr<link::Link>& link);
  void opened_client(const std::shared_ptr<link::Link>& link);
  void node_frames(Session session, const std::vector<std::string>& frames);
  void client_frames(ClientId client, const std::vector<std::string>& frames);
  void close_node(Session session);
  void close_client(ClientId client);
  void bury(LinkTable::Link link);

  void touch();
  void end_turn();
  void close_stuck();
  void tick();
  void wake_at(Instant wake);
  void leave();
  [[noreturn]] void storage_failed(const Error& error) const;

  DaemonOptions options;
  StateDir dir;
  PolicySet policies;
  std::unique_ptr<platform::Loop> loop;
  LinkTable links;
  link::MungeSource munge;
  Controller controller;
  PassPace pace;
  std::optional<Instant> wake;
  bool in_turn = false;
  bool leaving = false;
  BlockingPool pool{pool_threads};
  std::unique_ptr<StoreThread> store_thread;  // last: ends, and commits, before the rest goes
};

Result<void> Daemon::Body::open_store() {
  auto store = open_sqlite_store(dir.state_path);
  if (!store) return tl::unexpected(store.error());
  if (auto done = controller.recover(**store); !done) return done;
  StoreEvents events;
  events.committed = [this](std::uint64_t sequence) {
    loop->post([this, sequence] {
      controller.committed(sequence);
      if (controller.wants_exit()) leave();
    });
  };
  events.full = [this](bool full) { loop->post([this, full] { controller.storage_full(full); }); };
  events.failed = [this](const Error& error) { storage_failed(error); };
  store_thread = std::make_unique<StoreThread>(std::move(*store), std::move(events));
  return controller.start(loop->now(), options.settings);
}

/// Whatever is not committed was promised to nobody: a restart finds a state that holds.
void Daemon::Body::storage_failed(const Error& error) const {
  options.log.error("the journal cannot be written, giving up: " + error.message);
  ::_exit(exit_storage_failed);
}

Result<void> Daemon::Body::listen(const platform::Address& address) {
  link::Trust trust;
  trust.key = dir.cluster_key;
  if (options.settings.auth == "munge") {
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
  if (peer.kind == wire::PEER_NODE && (peer.auth == wire::AUTH_KEY || is_trusted(peer.uid))) {
    return opened_node(link);
  }
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
  controller.client_opened(client, caller);
  link->on_closed([this, client](const Error&) { close_client(client); });
  link->on_frames(
      [this, client](std::vector<std::string> frames) { client_frames(client, frames); });
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
    wire::ClientRequest request;
    if (!request.ParseFromString(frame)) return close_client(client);
    controller.client_said(client, request);
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

/// Every event of the loop that reaches the controller calls this first.
void Daemon::Body::touch() {
  if (in_turn) return;
  in_turn = true;
  controller.begin_turn(loop->now());
  loop->at_end_of_turn([this] { end_turn(); });
}

void Daemon::Body::end_turn() {
  const bool done = pace.run(*loop, controller);
  controller.end_turn();
  in_turn = false;
  close_stuck();
  if (!done) {
    loop->post([this] { touch(); });
  } else if (controller.has_lists()) {
    loop->after(slow_reader_pause, [this] { touch(); });
  }
  wake_at(controller.next_wake());
  if (controller.wants_exit()) leave();
}

void Daemon::Body::close_stuck() {
  for (const Session session : links.take_stuck_nodes()) close_node(session);
  for (const ClientId client : links.take_stuck_clients()) close_client(client);
}

void Daemon::Body::tick() {
  touch();
  controller.tick();
  loop->after(tick_period, [this] { tick(); });
}

/// Between two ticks only the nearest wake is kept: each tick looks again.
void Daemon::Body::wake_at(Instant when) {
  if (!when.is_set() || when - loop->now() > tick_period || (wake && *wake <= when)) return;
  wake = when;
  loop->after(std::max(when - loop->now(), microseconds(1)), [this] {
    wake.reset();
    touch();
    controller.tick();
  });
}

void Daemon::Body::leave() {
  if (std::exchange(leaving, true)) return;
  options.log.info("shutting down");
  links.close_all();
  loop->after(farewell, [this] { loop->stop(); });
}

Daemon::Daemon(std::unique_ptr<Body> body) : body_(std::move(body)) {}

Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::open(DaemonOptions options) {
  auto dir = open_state_dir(options.dir, options.state_dir);
  if (!dir) return tl::unexpected(dir.error());
  auto policies = make_policies(options.settings);
  if (!policies) return tl::unexpected(policies.error());
  auto loop = platform::Loop::open();
  if (!loop) return tl::unexpected(loop.error());
  auto body = std::make_unique<Body>(std::move(options), std::move(*dir), std::move(*policies),
                                     std::move(*loop));
  if (auto done = body->open_store(); !done) return tl::unexpected(done.error());
  platform::Address local;
  local.path = body->dir.path + "/ctld.sock";
  std::vector<platform::Address> addresses{local};
  std::ranges::copy(body->options.listen, std::back_inserter(addresses));
  for (const platform::Address& address : addresses) {
    if (auto done = body->listen(address); !done) return tl::unexpected(done.error());
  }
  return std::unique_ptr<Daemon>(new Daemon(std::move(body)));
}

void Daemon::run() {
  for (const int signal : {SIGTERM, SIGINT}) {
    body_->loop->on_signal(signal, [this] {
      body_->options.log.info("ends by signal; jobs go on");
      body_->loop->stop();
    });
  }
  body_->tick();
  body_->loop->run();
}

}  // namespace cox::ctld
