// Questions of clients that nodes answer, as cox ps: who asked, which nodes are awaited, and what
// they have said so far. Nothing of it is journaled; a controller that dies takes them along.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ctld/watches.h"
#include "model/ids.h"
#include "model/time.h"
#include "wire/client.pb.h"
#include "wire/node.pb.h"

namespace cox::ctld {

class NodeQuestions {
 public:
  /// What a whole answer is given to.
  using Done = std::function<void(const Conversation& to, wire::ProcessList answer)>;

  explicit NodeQuestions(Done done) : done_(std::move(done)) {}

  /// A node that can be asked, by name.
  struct Asked {
    NodeId node;
    std::string name;
  };

  /// The number under which `nodes` are to be asked. `silent`: those that cannot be; with nobody to
  /// ask the answer comes at once.
  /// `stands`: why none of the processes runs, where none does.
  std::uint64_t begin(const Conversation& to,
                      Instant now,
                      const std::vector<Asked>& nodes,
                      const std::vector<std::string>& silent,
                      const std::string& stands = {});
  void answered(NodeId node, const wire::Processes& answer);
  /// Its connection ended: it will not answer any more.
  void lost(NodeId node);
  /// Nodes that took too long are answered for.
  void tick(Instant now);
  void drop(ClientId client);

  std::size_t size() const { return open_.size(); }

 private:
  struct Question {
    Conversation to;
    Instant at;
    std::map<NodeId, std::string> left;
    wire::ProcessList answer;
  };

  void silence(std::uint64_t number, NodeId node, const std::string& why);
  void finish_if_whole(std::uint64_t number);

  Done done_;
  std::map<std::uint64_t, Question> open_;
  std::uint64_t last_ = 0;
};

}  // namespace cox::ctld
