// Wiring: what arrives begins a turn; the end of the loop's turn ends it.
#include "ctld/daemon.h"

#include <signal.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/text.h"
#include "ctld/daemon_body.h"
#include "ctld/store/journal_mend.h"
#include "ctld/store/sqlite_checkpoint.h"
#include "ctld/store/sqlite_store.h"
#include "ctld/system_users.h"
#include "platform/limits.h"
#include "platform/log_line.h"
#include "platform/random.h"
#include "platform/user.h"

namespace cox::ctld {

namespace {

constexpr int exit_storage_failed = 70;
constexpr Duration tick_period = seconds(1);
constexpr Duration checkpoint_slice = microseconds(300);
constexpr Duration slow_reader_pause = milliseconds(10);
constexpr Duration farewell = milliseconds(50);  // for the last replies to leave
// Descriptors for everything that is no connection of a client or node.
constexpr std::size_t descriptors_kept = 128;
// All that clients may make us hold for them; with more, those with the most are cut off.
constexpr std::size_t clients_bytes_max = std::size_t{1} << 30;

std::size_t connections_max() {
  const std::size_t descriptors = platform::raise_descriptor_limit();
  return descriptors > 2 * descriptors_kept ? descriptors - descriptors_kept : descriptors / 2;
}

}  // namespace

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  const std::string bytes = platform::random_bytes(sizeof seed);
  std::memcpy(&seed, bytes.data(), sizeof seed);
  return seed;
}

About about_us(const std::string& state_path, const Settings& settings, const Measured* measured) {
  About about{state_path, settings.auth, static_cast<std::uint64_t>(::getpid()), std::nullopt,
              measured};
  // Then its node daemons are that user's too: the key that lets them in is closed to others.
  if (settings.auth == "local" && ::geteuid() != 0) about.only_user = ::geteuid();
  return about;
}

void Daemon::Body::resolve(Uid uid,
                           std::uint32_t gid,
                           std::function<void(Result<UserIdentity>)> done) {
  pool.run([this, uid, gid, done = std::move(done)] {
    auto user = platform::resolve_user(uid, gid);
    loop->post([this, done, user = std::move(user)] {
      touch();
      done(user);
    });
  });
}

void Daemon::Body::read_config(std::string text,
                               std::string name,
                               std::function<void(Result<config::Config>)> done) {
  pool.run([this, text = std::move(text), name = std::move(name), done = std::move(done)] {
    auto config = config::parse(text, name, {}, system_users(UnknownUsers::refused));
    loop->post([this, done, config = std::move(config)] {
      touch();
      done(config);
    });
  });
}

Result<core::Policies> Daemon::Body::make_policies(const Settings& settings) {
  for (const plugins::PolicySet& set : policies) {
    if (set.select_name != settings.select || set.priority_name != settings.priority) continue;
    return core::Policies{set.select.get(), set.priority.get()};
  }
  auto made = plugins::make_policies(settings);
  if (!made) return tl::unexpected(made.error());
  policies.push_back(std::move(*made));
  return core::Policies{policies.back().select.get(), policies.back().priority.get()};
}

/// What cannot be started is told later, too: who asks may be in the middle of something.
std::uint64_t Daemon::Body::run_program(platform::ProgramRun run,
                                        std::function<void(const platform::ProgramEnd&)> done) {
  const auto told = [this, done = std::move(done)](const platform::ProgramEnd& end) {
    loop->post([this, done, end] {
      touch();
      done(end);
    });
  };
  if (!run.program.empty()) return programs.run(run, told);
  told(platform::ProgramEnd{true, "", ""});
  return 0;
}

/// What is unfinished is begun again: it must not meet what a killed controller left of it.
void Daemon::Body::end_left_programs() {
  const auto left = programs.end_left();
  if (left.ended != 0) {
    options.log.warning("ended " + std::to_string(left.ended) +
                        " prologs and epilogs that a killed controller left");
  }
  if (left.survivors == 0) return;
  options.log.error("of prologs and epilogs that a killed controller left " +
                    std::to_string(left.survivors) + " processes survive SIGKILL");
}

void Daemon::Body::read_blob(const Hash& hash, std::function<void(Result<std::string>)> done) {
  store_thread->read_blob(hash, [this, done = std::move(done)](Result<std::string> bytes) {
    loop->post([this, done, bytes = std::move(bytes)] {
      touch();
      done(bytes);
    });
  });
}

void Daemon::Body::list_blobs(const Hash& after,
                              std::size_t most,
                              std::function<void(Result<std::vector<Hash>>)> done) {
  const auto on_loop = [this, done = std::move(done)](Result<std::vector<Hash>> hashes) {
    loop->post([this, done, hashes = std::move(hashes)] {
      touch();
      done(hashes);
    });
  };
  store_thread->list_blobs(after, most, on_loop);
}

Result<std::unique_ptr<Store>> Daemon::Body::mended_store(const JournalDamage& damage) const {
  if (auto done = mend_journal(dir.state_path, damage); !done) return tl::unexpected(done.error());
  options.log.error(
      dir.state_path +
      "/journal.db cannot be read everywhere: made anew from the rest; what it was is "
      "journal.db.unreadable");
  return open_sqlite_store(dir.state_path);
}

Result<void> Daemon::Body::open_store() {
  if (auto complete = check_state_files(dir.state_path, dir.begun_file()); !complete) {
    return complete;
  }
  auto store = open_sqlite_store(dir.state_path);
  if (!store) return tl::unexpected(store.error());
  auto checkpoint = open_sqlite_checkpoint(dir.state_path);
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  open_history();
  controller.set_limits({.facts = options.config.checkpoint_facts});
  if (auto done = controller.recover(**store, checkpoint->get()); !done) return done;
  if (const auto damage = (*store)->damage()) {
    store->reset();
    store = mended_store(*damage);
    if (!store) return tl::unexpected(store.error());
  }
  if (controller.is_checkpoint_bad()) {
    checkpoint->reset();
    if (auto moved = set_checkpoint_aside(dir.state_path); !moved) return moved;
    checkpoint = open_sqlite_checkpoint(dir.state_path);
    if (!checkpoint) return tl::unexpected(checkpoint.error());
  }
  const auto journal = platform::FileIdentity::of(journal_path());
  if (!journal) return tl::unexpected(journal.error());
  journal_file = *journal;
  if (auto noted = note_state_files(dir.state_path, dir.begun_file()); !noted) {
    options.log.warning(noted.error().message);  // a full disk is no reason not to start
  }
  CheckpointEvents checkpoint_events;
  checkpoint_events.lasted = [this](std::uint64_t sequence) {
    loop->post([this, sequence] { controller.checkpoint_lasted(sequence); });
  };
  checkpoint_events.failed = [this](const Error& error) {
    if (error.code != Code::storage_full) storage_failed(error);
    loop->post([this, error] { controller.checkpoint_failed(error); });
  };
  checkpoint_thread =
      std::make_unique<CheckpointThread>(std::move(*checkpoint), std::move(checkpoint_events));
  StoreEvents events;
  events.committed = [this](std::uint64_t sequence) {
    loop->post([this, sequence] {
      controller.committed(sequence);
      continue_checkpoint();
      if (controller.wants_exit()) leave();
    });
  };
  events.full = [this](bool full) { loop->post([this, full] { controller.storage_full(full); }); };
  events.failed = [this](const Error& error) { storage_failed(error); };
  store_thread = std::make_unique<StoreThread>(std::move(*store), std::move(events));
  return controller.start(loop->now(), loop->monotonic(), options.config, options.file);
}

/// Whatever is not committed was promised to nobody: a restart finds a state that holds.
void Daemon::Body::storage_failed(const Error& error) const {
  options.log.error("the state cannot be written, giving up: " + error.message);
  ::_exit(exit_storage_failed);
}

/// Every event of the loop that reaches the controller calls this first.
void Daemon::Body::touch() {
  if (in_turn) return;
  in_turn = true;
  controller.begin_turn(loop->now(), loop->monotonic());
  loop->at_end_of_turn([this] { end_turn(); });
}

void Daemon::Body::end_turn() {
  const bool done = pace.run(controller, &measured.planning);
  controller.end_turn();
  in_turn = false;
  close_stuck();
  if (!done) {
    loop->post([this] { touch(); });
  } else if (controller.has_lists() && !std::exchange(reader_awaited, true)) {
    loop->after(slow_reader_pause, [this] {
      reader_awaited = false;
      touch();
    });
  }
  wake_at(controller.next_wake());
  continue_checkpoint();
  if (controller.wants_exit()) leave();
}

/// Between turns: requests that arrived meanwhile are served before the next slice.
void Daemon::Body::continue_checkpoint() {
  if (slice_posted) return;
  const Duration begin = loop->monotonic();
  while (controller.continue_checkpoint()) {
    if (loop->monotonic().us - begin.us < checkpoint_slice.us) continue;
    slice_posted = true;
    loop->post([this] {
      slice_posted = false;
      continue_checkpoint();
    });
    return;
  }
}

/// A clean end leaves no facts to replay. Whatever fails here only makes the next start slower.
void Daemon::Body::finish_checkpoint() {
  const std::uint64_t last = std::max(store_thread->finish(), controller.committed_to());
  controller.finish_history(last);
  controller.history_written(history_thread->finish());
  if (last == controller.machine().last_sequence()) controller.finish_checkpoint(last);
  checkpoint_thread.reset();
}

void Daemon::Body::close_stuck() {
  for (const Session session : links.take_stuck_nodes()) close_node(session);
  for (const ClientId client : links.take_stuck_clients()) close_client(client);
}

/// Whose files were removed would go on promising what nobody finds again, and beside a controller
/// that was started in its place since.
void Daemon::Body::check_files() const {
  const bool is_locked = dir.lock.is_held();
  if (is_locked && platform::is_still(journal_path(), journal_file)) return;
  storage_failed({Code::internal, (is_locked ? journal_path() : dir.lock.path()) +
                                      " was removed or replaced under this controller"});
}

/// Whoever tidies up the directory of its socket may not cut everybody off for ever.
void Daemon::Body::listen_again() {
  if (platform::path_exists(dir.socket())) return;
  options.log.warning(dir.socket() + " was removed");
  const auto done = listen(platform::Address{dir.socket(), "", 0});
  if (!done) options.log.error(done.error().message);
}

void Daemon::Body::tick() {
  check_files();
  listen_again();
  touch();
  links.trim_clients(clients_bytes_max);
  controller.tick();
  loop->after(tick_period, [this] { tick(); });
}

/// Between two ticks only the nearest wake is kept: each tick looks again. What is due already was
/// looked at in this turn.
void Daemon::Body::wake_at(Instant when) {
  const Instant now = loop->now();
  if (!when.is_set() || when <= now || now + tick_period < when) return;
  if (wake && *wake <= when) return;
  wake = when;
  loop->after(when - now, [this] {
    wake.reset();
    touch();
    controller.tick();
  });
}

void Daemon::Body::reopen_log() {
  if (options.log_file.empty()) return;
  const auto opened = platform::reopen_append(options.log_file, options.log_fd);
  if (opened) return options.log.info("the log was opened again");
  options.log.warning("the log cannot be opened again: " + opened.error().message);
}

void Daemon::Body::leave() {
  if (std::exchange(leaving, true)) return;
  options.log.info("shutting down");
  options.manager.stopping();
  links.close_all();
  loop->after(farewell, [this] { loop->stop(); });
}

namespace {

/// Each once: the configuration may name what an option names too. Of port 0 each is another.
std::vector<platform::Address> listened_at(const std::string& socket,
                                           const std::vector<platform::Address>& beside) {
  std::vector<platform::Address> addresses{platform::Address{socket, "", 0}};
  for (const platform::Address& one : beside) {
    const bool is_any_port = !one.is_unix() && one.port == 0;
    if (is_any_port || std::ranges::count(addresses, one) == 0) addresses.push_back(one);
  }
  return addresses;
}

}  // namespace

Daemon::Daemon(std::unique_ptr<Body> body) : body_(std::move(body)) {}

Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::open(DaemonOptions options) {
  const std::string& configured = options.config.state_dir;
  auto dir = open_state_dir(
      {options.dir, configured.empty() ? options.state_dir : configured, options.key_file});
  if (!dir) return tl::unexpected(dir.error());
  auto policies = plugins::make_policies(options.config.settings);
  if (!policies) return tl::unexpected(policies.error());
  auto loop = platform::Loop::open();
  if (!loop) return tl::unexpected(loop.error());
  auto body = std::make_unique<Body>(std::move(options), std::move(*dir), std::move(*policies),
                                     std::move(*loop));
  body->end_left_programs();
  if (auto done = body->open_store(); !done) return tl::unexpected(done.error());
  body->admission = std::make_shared<link::Admission>(connections_max());
  for (const platform::Address& address : listened_at(body->dir.socket(), body->options.listen)) {
    if (auto done = body->listen(address); !done) return tl::unexpected(done.error());
  }
  return std::unique_ptr<Daemon>(new Daemon(std::move(body)));
}

void Daemon::run() {
  for (const int signal : {SIGTERM, SIGINT}) {
    body_->loop->on_signal(signal, [this] {
      body_->options.log.info("ends by signal; jobs go on");
      body_->options.manager.stopping();
      body_->loop->stop();
    });
  }
  // Also without a file: who sends it to all daemons does not mean to end this one.
  body_->loop->on_signal(SIGHUP, [this] { body_->reopen_log(); });
  body_->options.manager.ready("cluster " + body_->options.config.settings.cluster + ", state in " +
                               body_->dir.state_path);
  body_->tick();
  body_->loop->run();
  body_->finish_checkpoint();
}

}  // namespace cox::ctld
