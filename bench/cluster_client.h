// A program's view of a cluster that `cox up --dir DIR` made: submit, wait and count over one open
// connection. Any failure ends the bench with what was said.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "link/client_link.h"
#include "wire/client.pb.h"

namespace cox::bench {

/// A connection to the controller of the cluster in `dir`; ends the program when there is none.
link::ClientLink open_link(const std::string& dir);

class ClusterClient {
 public:
  /// `dir`: the directory of the cluster.
  explicit ClusterClient(const std::string& dir);

  wire::ClientReply ask(wire::ClientRequest request);
  /// One task on one node, no output kept; returns the job's id.
  std::uint64_t submit(const std::vector<std::string>& argv);
  void wait_for(std::uint64_t job);
  wire::StatusReply status();
  /// State of every job that ended, by id.
  std::vector<wire::JobView> ended_jobs();
  void cancel_all();

 private:
  link::ClientLink link_;
  std::uint64_t number_ = 0;
};

}  // namespace cox::bench
