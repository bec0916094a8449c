// The supervisors' star in small, for tests without a controller: messages between emulated nodes
// and the relay that gathers fences and passes modex requests to the owners of ranks.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cox::stepd {

struct RelayMessage {
  enum Kind : std::uint32_t { fence, fence_done, modex_ask, modex_done, abort, bad_exit };

  Kind kind = fence;
  std::uint64_t number = 0;
  int status = 0;  // modex_ask: the rank
  std::string id;
  std::string data;
  std::vector<std::uint32_t> nodes;  // modex_done: the node that asked
};

/// Blocking, whole messages. A reader that is gone is noticed at receive.
void send_message(int fd, const RelayMessage& message);
/// False at the end of the stream.
bool receive_message(int fd, RelayMessage* message);

/// What a run of all nodes came to.
struct RunReport {
  std::map<std::uint32_t, int> exits;  // by rank: exit code, or -signal
  std::uint32_t connected = 0;
  std::uint32_t closed = 0;  // nodes whose server ended cleanly
  int aborted = 0;           // status of the first abort
  std::string abort_message;
  std::string output;                    // of the ranks and nodes, standard error included
  std::vector<std::string> left_behind;  // files found after the end
};

struct RunRequest {
  std::vector<std::uint32_t> tasks;  // per node
  std::uint32_t uid = 0;
  std::vector<std::string> program;
  std::string library, node_program;
};

/// Starts a process per node and relays until all ended. A bad exit or an abort ends all ranks.
RunReport run_nodes(const RunRequest& request);

}  // namespace cox::stepd
