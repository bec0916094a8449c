// Submits over open connections, in a closed loop: of jobs that one script makes, or of as many
// users' jobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "link/client_link.h"
#include "wire/client.pb.h"

namespace cox::bench {

/// What a load brought about.
struct LoadResult {
  double seconds = 0;
  std::uint64_t acknowledged = 0;
  std::vector<double> latencies_ms;  // of each request
};

/// What jobs have in common beside an environment of 1 kB and, but for their keys, their kind.
enum class Variety : std::uint8_t {
  alike,     // script of 40 bytes, environment, name and limit
  distinct,  // each has a name, limit and script of its own, and ten variables
};

class SubmitLoad {
 public:
  /// `dir`: the directory of the cluster.
  SubmitLoad(const std::string& dir, std::size_t connections, Variety variety = Variety::distinct);

  /// Of every job from here on.
  void label(const std::string& key, const std::string& value) {
    (*submit_.mutable_request()->mutable_labels())[key] = value;
  }

  /// `jobs` submits, one per request, `outstanding` on each connection at any moment. The jobs are
  /// held when `held`.
  LoadResult run(std::uint64_t jobs, std::size_t outstanding, bool held);
  /// The same in requests of `batch` jobs that share what does not differ.
  LoadResult run_batches(std::uint64_t jobs, std::size_t batch, bool held);

 private:
  struct Connection {
    link::ClientLink link;
    std::vector<double> sent_ms;  // by number of the request, modulo its size
    std::uint64_t next = 0;
    std::uint64_t answered = 0;
  };

  std::string next_single(std::uint64_t number);
  std::string next_batch(std::uint64_t number, std::size_t batch);
  void vary(wire::Submit* submit);
  void send(Connection& to, const std::string& payload);
  /// Takes what has arrived; the number of answers.
  std::size_t take(Connection& from, LoadResult* result);
  template <class Make>
  LoadResult loop(std::uint64_t requests, std::size_t outstanding, Make make);

  std::vector<Connection> connections_;
  Variety variety_;
  wire::Submit submit_;  // of all
  std::uint64_t made_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace cox::bench
