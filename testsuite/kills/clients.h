// The load: a fixed number of clients at a time, each a real process, each asking for its next
// thing when the last one ended.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/process.h"
#include "testsuite/daemons/cluster.h"
#include "testsuite/faults/rng.h"
#include "testsuite/kills/book.h"
#include "testsuite/kills/timeline.h"

namespace cox::kills {

enum class Errand : std::uint8_t { submit, submit_with_key, run, wait, cancel };

/// One client and what it is for.
struct Client {
  platform::Spawned process;
  platform::Descriptor output;
  platform::Descriptor errors;
  Errand errand = Errand::submit;
  std::uint64_t marker = 0;
  std::uint64_t job = 0;                     // to wait for or cancel
  std::vector<std::string> job_arguments{};  // options and script, or name and seconds
  bool is_again = false;                     // submit_with_key: under a key that was sent before
  bool was_killed = false;

  bool is_busy() const { return process.pid > 0; }
};

class Clients {
 public:
  /// `enter`: a network namespace's file to run clients in, or empty.
  Clients(const daemons::Cluster& cluster,
          Book& book,
          Timeline& timeline,
          faults::Rng rng,
          std::string enter);

  void start(std::size_t count);

  /// No new jobs; what is under way comes to its end.
  void stop() { is_stopping_ = true; }

  bool are_idle() const;
  /// Descriptors to poll, one per client; -1 where none runs.
  std::vector<int> descriptors() const;
  /// Takes the result of a client that ended and starts its next errand.
  void ended(std::size_t index);
  /// SIGKILL to one of those that run, or to the next that submits, a moment after its start.
  void kill_one();
  /// Of each client that still runs, for a report.
  std::string text() const;
  /// By force, all.
  void kill_all();

  /// Of the helper that submits under a key that it is given: `kills --send SOCKET KEY NAME
  /// SECONDS`
  static int send(const std::vector<std::string>& arguments);

 private:
  void next(std::size_t index);
  void order_job(Client* client);
  void begin(std::size_t index);
  platform::SpawnRequest request_of(const Client& client) const;
  void took_submit(std::size_t index,
                   int status,
                   const std::string& output,
                   const std::string& errors);
  void took_run(std::size_t index,
                int status,
                const std::string& output,
                const std::string& errors);
  void took_other(std::size_t index, int status, const std::string& errors);
  void follow_up(std::size_t index, std::uint64_t job);
  void again_later(std::size_t index);
  void kill(std::size_t index);
  void doom(std::size_t index);

  const daemons::Cluster& cluster_;
  Book& book_;
  Timeline& timeline_;
  faults::Rng rng_;
  std::string enter_;
  std::vector<Client> clients_;
  std::uint64_t markers_ = 0;
  std::uint64_t key_salt_ = 0;
  bool is_doomed_ = false;  // the next that submits
  bool is_stopping_ = false;
};

/// Writes the script that all jobs run into the cluster's working directory.
void write_script(const daemons::Cluster& cluster);

}  // namespace cox::kills
