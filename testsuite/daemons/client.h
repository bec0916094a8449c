// A conversation with the controller that survives its restarts, and requests in few words.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "link/client_link.h"
#include "model/job_state.h"
#include "wire/client.pb.h"

namespace cox::daemons {

/// A submission that reads as a sentence: job("sleep 1").nodes(2).seconds(3).
class Job {
 public:
  /// A batch script; its first line is added.
  explicit Job(const std::string& script, const std::string& directory);

  Job& nodes(std::uint32_t count);  // one task on each
  Job& cpus_per_task(std::uint32_t count);
  Job& memory_mib(std::int64_t mib);  // per node
  Job& exclusive();
  Job& seconds(std::int64_t limit);
  Job& requeue(bool allowed);
  Job& held();
  Job& named(const std::string& name);
  Job& output(const std::string& pattern);
  Job& directory(const std::string& path);
  Job& on(const std::string& node);
  Job& environment(const std::string& variable);
  Job& as(std::uint32_t uid);

  /// Instead of the script.
  Job& command(const std::vector<std::string>& argv);

  wire::Submit& message() { return submit_; }

  const wire::Submit& message() const { return submit_; }

 private:
  wire::Component& part() { return *submit_.mutable_request()->mutable_components(0); }

  wire::Submit submit_;
};

class Client {
 public:
  Client(platform::Address address, std::string key);

  /// Sends and reads the whole answer. error: what the controller answered, or unreachable
  Result<wire::ClientReply> ask(const wire::ClientRequest& request);
  /// The same; a lost connection is mended and the request sent again.
  Result<wire::ClientReply> ask_surely(const wire::ClientRequest& request);

  /// The job's id. error: as ask()
  Result<std::uint64_t> try_submit(const Job& job);
  /// The same where a refusal is a failure of the test; 0 then.
  std::uint64_t submit(const Job& job);
  Result<std::uint64_t> act(wire::JobAction::Kind kind, std::uint64_t job);
  Result<std::uint64_t> act_on_node(wire::NodeAction::Kind kind, const std::string& node);
  /// As it is now, in full; an empty view where the controller knows no such job.
  wire::JobView view(std::uint64_t job);
  std::string state(std::uint64_t job);
  bool reaches(std::uint64_t job, const std::string& state);
  /// Its view when it ended, asked by WaitJobs.
  wire::JobView end_of(std::uint64_t job);
  std::vector<wire::NodeView> nodes();
  /// An empty view where the controller knows no such node.
  wire::NodeView node(const std::string& name);
  std::vector<wire::JobView> jobs(bool ended);
  wire::StatusReply status();

  Result<void> send(const wire::ClientRequest& request);
  /// The next reply. error: timed_out when none comes in that time
  Result<wire::ClientReply> next(Duration time_out = cox::seconds(30));

 private:
  Result<void> connect();

  platform::Address address_;
  std::string key_;
  std::optional<link::ClientLink> link_;
  std::uint64_t number_ = 0;
};

}  // namespace cox::daemons
