// A conversation with the controller: connect, ask, read answers.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "cmds/client/find_cluster.h"
#include "cmds/client/parse.h"
#include "common/result.h"
#include "link/client_link.h"
#include "wire/client.pb.h"

namespace cox::cmds {

class Session {
 public:
  using TakeSlice = std::function<Result<void>(const wire::ClientReply& slice, bool is_first)>;

  /// Connects to the cluster that `given` names. error: unreachable says where it looked
  static Result<Session> open(const Parsed& given);
  static Result<Session> open(const ClusterAddress& cluster);

  /// Sends and reads the answer; the slices of a long list are put together. An error in the answer
  /// is the error returned; a notice goes to stderr.
  Result<wire::ClientReply> ask(wire::ClientRequest request);
  /// The same for a request that may be sent twice: when the connection breaks before the answer,
  /// connects again and resends it, for at most a minute. So it does where it is put off.
  Result<wire::ClientReply> ask_surely(wire::ClientRequest request);
  /// The same for a list of any length: its slices as they come, each gone when the next
  /// is read. What `take` says ends it. `is_first`: also where all comes anew after a break.
  Result<void> ask_in_slices(wire::ClientRequest request, const TakeSlice& take);
  /// Sends only; the answers are read by next().
  Result<void> send(wire::ClientRequest request);
  /// The next answer, or nothing at the time-out.
  Result<std::optional<wire::ClientReply>> next(Duration time_out);
  /// A new connection to the same controller, tried until a minute has passed since its last
  /// answer. Connections that break again before an answer are made ever more slowly: a node's
  /// socket takes connections also while the controller is away. error: the last one; `why` is that
  /// of the connection that broke, returned at once where a node says that no controller was there
  /// from the first
  Result<void> reconnect(Error why);
  /// After a refusal of a controller that has too much to do: sleeps as long as it said, and longer
  /// each time, so that the same may be sent again. False once a minute has passed, or when it did
  /// not say so.
  bool wait_to_retry();

  /// What people read on a terminal while an answer takes long, where it is known what it waits
  /// for.
  void say_while_waiting(std::string text) { waiting_text_ = std::move(text); }

  /// The error of a request that left: whether it was obeyed is not known.
  bool may_be_obeyed(const Error& error) const;

  int descriptor() const { return link_.descriptor(); }

  const platform::Address& address() const { return cluster_.address; }

  const std::string& key() const { return cluster_.key; }

 private:
  Session(ClusterAddress cluster, link::ClientLink link)
      : cluster_(std::move(cluster)), link_(std::move(link)) {}

  /// The request as bytes, under a number of its own.
  std::string numbered(wire::ClientRequest request);
  Result<void> deliver(const std::string& payload);
  /// False at the time-out.
  Result<bool> read(Duration time_out, wire::ClientReply* reply);
  /// Says on a terminal that it takes long. error: timed_out, and those of the answer
  Result<void> await(wire::ClientReply* reply);
  Result<void> exchange_slices(const std::string& payload, const TakeSlice& take);
  Result<wire::ClientReply> exchange(const std::string& payload);

  ClusterAddress cluster_;
  link::ClientLink link_;
  std::string waiting_text_;
  std::uint64_t number_ = 0;  // of the last request
  bool was_there_ = false;  // the controller was heard, or lost on the way: it is worth waiting for
  unsigned breaks_ = 0;     // since the last answer
  std::chrono::steady_clock::time_point broken_since_{};  // the first of them
  std::chrono::milliseconds retry_after_{0};  // as the last error had it; 0: it had none
  std::optional<std::chrono::steady_clock::time_point> put_off_since_;
};

/// An error of the wire as ours.
Error to_error(const wire::Error& error);

/// Opens the cluster and asks one question.
Result<wire::ClientReply> ask_cluster(const Parsed& given, wire::ClientRequest request);

}  // namespace cox::cmds
