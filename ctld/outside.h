// What the controller has around it, as narrow interfaces: the daemon puts sockets and threads
// behind them, the fault simulation a fake world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "config/config.h"
#include "core/schedule/plan.h"
#include "ctld/store/checkpoint_store.h"
#include "ctld/store/history.h"
#include "ctld/store/store.h"
#include "model/ids.h"
#include "model/user.h"
#include "platform/loop_programs.h"

namespace cox::ctld {

/// A connection of a client; numbers are never reused.
using ClientId = Id<struct ClientTag, std::uint64_t>;

class Journal {
 public:
  virtual ~Journal() = default;
  /// Makes the batch last, then tells Controller::committed().
  virtual void append(Batch batch) = 0;
  /// Reads content that an earlier batch carried. `done` runs within a turn of the controller, or
  /// at once. error: not_found names the hash
  virtual void read_blob(const Hash& hash, std::function<void(Result<std::string>)> done) = 0;
  /// Some hashes of contents above `after`, ascending, at most `most`; none when it was the last.
  /// `done` as above.
  virtual void list_blobs(const Hash& after,
                          std::size_t most,
                          std::function<void(Result<std::vector<Hash>>)> done) = 0;
  /// Facts up to and including `sequence` are in a checkpoint that lasts: the journal may forget
  /// them, bit by bit.
  virtual void cut(std::uint64_t sequence) = 0;
  /// No job that is remembered refers to these contents, and that lasts; BlobTable::forget() comes
  /// first. A batch appended later may bring one of them again.
  virtual void drop_blobs(std::vector<Hash> hashes) = 0;
};

/// Where a checkpoint goes, chunk by chunk. What becomes of it is told to
/// Controller::checkpoint_lasted() or checkpoint_failed().
class Checkpoints {
 public:
  virtual ~Checkpoints() = default;
  /// Forgets a checkpoint that was not finished.
  virtual void begin() = 0;
  virtual void put(std::vector<Chunk> chunks) = 0;
  /// Everything was put: the checkpoint holds the facts up to `sequence`.
  virtual void make_valid(std::uint64_t sequence) = 0;
};

/// Where rows of what ended go, and who asks for them.
class History {
 public:
  virtual ~History() = default;
  /// Of the last fact whose rows the file held when this controller began.
  virtual std::uint64_t sequence() const = 0;
  /// Makes the rows last, then tells Controller::history_written(). Never blocks.
  virtual void append(std::shared_ptr<const HistoryRows> rows) = 0;
  /// Blocks until little waits to be written or writing fails. Only before the first turn.
  virtual void catch_up() = 0;
  /// `done` runs within a turn of the controller, or at once.
  virtual void query(HistoryFilter filter, std::function<void(Result<HistoryPage>)> done) = 0;
};

class NodeLinks {
 public:
  virtual ~NodeLinks() = default;
  /// A ControllerMessage. A session that is gone is no error: its node registers again.
  virtual void send(Session session, const std::string& payload) = 0;
  /// Ends the connection after what was sent.
  virtual void drop(Session session) = 0;
};

class ClientLinks {
 public:
  virtual ~ClientLinks() = default;
  /// A ClientReply. A client that is gone is no error.
  virtual void send(ClientId client, const std::string& payload) = 0;
  /// What the client has not taken yet; long lists wait for slow readers.
  virtual std::size_t queued_bytes(ClientId client) const = 0;

  /// The client lets too much wait: its connection ends with this turn.
  virtual void cut_off(ClientId /*client*/) {}
};

/// Configuration files, and the policies that they name.
class Configs {
 public:
  virtual ~Configs() = default;
  /// Reads the text outside the loop, with the numbers of the users that it names. `done` runs
  /// within a turn of the controller, or at once. error: as config::parse(), or of an unknown user
  virtual void read_config(std::string text,
                           std::string name,
                           std::function<void(Result<config::Config>)> done) = 0;
  /// They live as long as this. error: not_found names the policy
  virtual Result<core::Policies> make_policies(const Settings& settings) = 0;
};

/// Programs that run on the controller's own host.
class HostPrograms {
 public:
  virtual ~HostPrograms() = default;
  /// Never waits for it; one without a name ends well. `done` runs within a later turn of the
  /// controller; the number names the run.
  virtual std::uint64_t run_program(platform::ProgramRun run,
                                    std::function<void(const platform::ProgramEnd&)> done) = 0;
  /// `done` follows where it still ran.
  virtual void kill_program(std::uint64_t run) = 0;
};

class Users {
 public:
  virtual ~Users() = default;
  /// Asks the system's databases, which may take long. `done` runs within a turn of the
  /// controller, or at once.
  virtual void resolve(Uid uid,
                       std::uint32_t gid,
                       std::function<void(Result<UserIdentity>)> done) = 0;
};

}  // namespace cox::ctld
