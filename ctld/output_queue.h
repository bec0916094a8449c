// Output commit: what leaves the controller waits here until the last fact it saw is on disk.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

#include "ctld/outside.h"
#include "model/ids.h"

namespace cox::ctld {

class OutputQueue {
 public:
  OutputQueue(NodeLinks& nodes, ClientLinks& clients) : nodes_(nodes), clients_(clients) {}

  /// `needed` never falls from one call to the next.
  void to_node(std::uint64_t needed, Session session, std::string payload);
  /// What promises nothing and was decided by nothing: that a heartbeat was heard. It does not wait
  /// for a disk that is full.
  void to_node_at_once(Session session, const std::string& payload);
  /// Ends the node's connection once everything before has left.
  void drop_node(std::uint64_t needed, Session session);
  /// `is_read`: an answer that changed nothing; it may leave early, with a notice, while the disk
  /// is full.
  void to_client(std::uint64_t needed, ClientId client, std::string payload, bool is_read);

  /// What this host itself is to do then.
  void to_host(std::uint64_t needed, std::function<void()> act);

  /// Sends what needs no more than `committed`, in order.
  void release(std::uint64_t committed);
  /// Sends the reads alone, each with `notice` for people.
  void release_reads(const std::string& notice);

  /// Of answers to this client that wait here.
  std::size_t waiting_bytes(ClientId client) const;

  bool empty() const { return waiting_.empty(); }

 private:
  enum class Kind : std::uint8_t { node, drop_node, change, read, host };

  struct Output {
    std::uint64_t needed;
    Kind kind;
    Session session;
    ClientId client;
    std::string payload;
    std::function<void()> act{};
  };

  void send(const Output& output);
  void take_off(const Output& output);

  NodeLinks& nodes_;
  ClientLinks& clients_;
  std::deque<Output> waiting_;
  std::unordered_map<ClientId, std::size_t> bytes_;
};

}  // namespace cox::ctld
