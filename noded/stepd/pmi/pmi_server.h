// Answers PMI-1 and PMI-2 for the local tasks of a step, MPICH and its kin above all. Knows nothing
// of descriptors: bytes in, bytes out. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "noded/stepd/pmi/pmi_message.h"
#include "noded/stepd/pmi/pmi_space.h"

namespace cox::stepd {

/// The step as its tasks here see it.
struct PmiStep {
  std::string name;                  // of its key space, the same on all nodes
  std::string mapping;               // of ranks to nodes: process_mapping()
  std::string node;                  // for messages
  std::vector<std::uint32_t> ranks;  // of the local tasks
  std::uint32_t tasks = 0;           // of the step
  bool offers_one = true;
  bool offers_two = true;
};

class PmiServer {
 public:
  struct Out {
    std::function<void(std::uint32_t local, std::string bytes)> send;
    /// Every local task has come to the fence: this node's part of it.
    std::function<void(std::string data)> fence;
    /// MPI_Abort.
    std::function<void(std::int32_t status, const std::string& message)> abort;
    /// A task broke the protocol, is heard no more, and the step cannot go on: why.
    std::function<void(const std::string& why)> broken;
  };

  PmiServer(PmiStep step, Out out);

  void take(std::uint32_t local, std::string_view bytes);
  /// The fence is complete everywhere: what all nodes gave.
  void fence_done(const std::string& data);
  /// The task's process ended with status 0.
  void task_left(std::uint32_t local);
  /// Its end of the connection is closed: nothing more comes. Of a task that has left as well it is
  /// known whether the others wait for it in vain.
  void closed(std::uint32_t local);

  /// How many local tasks have ever greeted us.
  std::uint32_t connected() const;

  /// What tasks asked for and were refused, for the message when the step fails: "task 0 on n1
  /// asked to spawn ...". Empty: nothing.
  const std::string& refusals() const { return refusals_; }

 private:
  struct Session {
    PmiReader reader;
    PmiVersion version = PmiVersion::one;
    bool has_greeted = false;  // and not said farewell since
    bool was_heard = false;
    bool is_waiting = false;  // in the fence
    bool is_broken = false;
    bool has_left = false;
    bool is_closed = false;
    std::string thread;  // PMI-2: who waits, to be named in the answer
    std::size_t spent = 0;
  };

  struct NodeWait {
    std::uint32_t local = 0;
    std::string key, thread;
  };

  using Handler = void (PmiServer::*)(std::uint32_t local, const PmiMessage& message);
  static const std::map<std::string_view, Handler>& handlers(PmiVersion version);

  void obey(std::uint32_t local, const PmiMessage& message);
  void answer(std::uint32_t local, const PmiMessage& asked, PmiMessage reply, int status = 0);
  void answer_failed(std::uint32_t local, const PmiMessage& asked, const std::string& why);
  void violate(std::uint32_t local, const std::string& why);
  std::string task_text(std::uint32_t local) const;
  Result<void> put(std::uint32_t local, const PmiMessage& message);
  const std::string* look_up(const std::string& key) const;
  void enter_fence(std::uint32_t local, const PmiMessage& message);
  void answer_node_waits();
  void judge_gone(std::uint32_t local);
  void refuse(std::uint32_t local, const PmiMessage& message, const std::string& what);

  // both versions
  void greet(std::uint32_t local, const PmiMessage& message);
  void abort(std::uint32_t local, const PmiMessage& message);
  void finalize(std::uint32_t local, const PmiMessage& message);
  void refuse_spawn(std::uint32_t local, const PmiMessage& message);
  void refuse_names(std::uint32_t local, const PmiMessage& message);

  // PMI-1
  void tell_maxes(std::uint32_t local, const PmiMessage& message);
  void tell_universe(std::uint32_t local, const PmiMessage& message);
  void tell_appnum(std::uint32_t local, const PmiMessage& message);
  void tell_space(std::uint32_t local, const PmiMessage& message);
  void put_one(std::uint32_t local, const PmiMessage& message);
  void get_one(std::uint32_t local, const PmiMessage& message);

  // PMI-2
  void begin_two(std::uint32_t local, const PmiMessage& message);
  void tell_job(std::uint32_t local, const PmiMessage& message);
  void put_two(std::uint32_t local, const PmiMessage& message);
  void get_two(std::uint32_t local, const PmiMessage& message);
  void put_node(std::uint32_t local, const PmiMessage& message);
  void get_node(std::uint32_t local, const PmiMessage& message);
  void get_job(std::uint32_t local, const PmiMessage& message);

  PmiStep step_;
  Out out_;
  PmiSpace space_;
  std::size_t budget_;  // bytes that one task may put between two fences
  std::vector<Session> sessions_;
  std::map<std::string, std::string> node_values_;
  std::vector<NodeWait> node_waits_;
  std::string refusals_;
};

}  // namespace cox::stepd
