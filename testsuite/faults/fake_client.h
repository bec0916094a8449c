// A user of the fake world: submits jobs under keys of its own, resends until it has an answer,
// and now and then cancels, holds, releases or requeues what it has. It asks how things stand, too.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/state.h"
#include "model/user.h"
#include "testsuite/faults/checks.h"
#include "testsuite/faults/fake_controller.h"
#include "testsuite/faults/rng.h"
#include "testsuite/faults/timeline.h"
#include "wire/client.pb.h"

namespace cox::faults {

class FakeClient {
 public:
  FakeClient(Timeline& timeline,
             Rng rng,
             Watch& watch,
             Checks& checks,
             FakeController& controller,
             Caller caller);

  /// From here on its jobs ask for labels and licenses, too, by dice of their own.
  void wish(Rng rng) { wishes_ = rng; }

  /// A job of a random shape; answered or not, it is asked for until it is acknowledged.
  void submit();
  /// Something random about one of its jobs; the answer does not matter.
  void meddle();
  /// A step inside one of its allocations, which may be over.
  void depend(wire::JobRequest* job);
  void update(JobId job);
  void run_a_step();
  /// Ends the allocations in which nothing is left to run.
  void leave_allocations(const core::State& state);
  /// Cancels the jobs that do not end by themselves.
  void end_endless();
  /// Once, about every job it has.
  void act_on_all(wire::JobAction::Kind kind);
  void resume_nodes(const std::string& names);
  /// Once, whatever the answer; `is_good`: to be refused only while the disk is full.
  void ask(wire::ClientRequest request, bool is_good = false);
  /// Asks for a job it has already, under the same key, as a client does that missed the answer.
  void submit_again();
  /// The same for everything that was ever answered.
  void submit_all_again();
  /// Under the key of `other`'s latest job: must be refused.
  void submit_with_key_of(const FakeClient& other);

  const std::vector<JobId>& jobs() const { return jobs_; }

  std::size_t unanswered() const { return unanswered_.size(); }

 private:
  void dial();
  void send(wire::ClientRequest request);
  void received(const std::string& bytes);
  void ask_status();
  void resend();
  wire::ClientRequest new_submit();
  void add_wishes(wire::JobRequest* job);
  void submit_again(wire::ClientRequest request);
  void take_allocation(const wire::JobRequest& request, JobId job);
  /// Some of them, which may not be there.
  void act_on_elements(JobId array, wire::JobAction::Kind kind);
  void act_on(JobId job, wire::JobAction::Kind kind);

  Timeline& timeline_;
  Rng rng_;
  std::optional<Rng> wishes_;
  Watch& watch_;
  Checks& checks_;
  FakeController& controller_;
  Caller caller_;
  FakeController::Send send_;
  std::uint64_t connection_ = 0;
  std::uint64_t next_number_ = 1;
  std::map<std::uint64_t, wire::ClientRequest> unanswered_;  // submits only
  std::vector<wire::ClientRequest> answered_;
  std::set<std::uint64_t> good_;               // asked once, and to be obeyed
  std::map<std::uint64_t, ClientKey> thefts_;  // submits under a key of somebody else
  // The last question how things stand: answered also while the disk is full.
  std::uint64_t asked_number_ = 0;
  std::uint64_t asked_connection_ = 0;
  std::uint64_t connected_life_ = 0;  // a cut of its power is noticed seconds later
  bool asked_while_full_ = false;
  std::vector<JobId> jobs_;
  std::vector<JobId> arrays_;       // those of jobs_ that are
  std::vector<JobId> allocations_;  // those of jobs_ that only their user ends
  std::vector<JobId> endless_;      // and those whose tasks run until somebody ends them
};

}  // namespace cox::faults
