// A user of the fake world: submits jobs under keys of its own, resends until it has an answer,
// and now and then cancels, holds, releases or requeues what it has.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

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

  /// A job of a random shape; answered or not, it is asked for until it is acknowledged.
  void submit();
  /// Something random about one of its jobs; the answer does not matter.
  void meddle();
  /// Once, about every job it has.
  void act_on_all(wire::JobAction::Kind kind);
  void resume_nodes(const std::string& names);

  const std::vector<JobId>& jobs() const { return jobs_; }

  std::size_t unanswered() const { return unanswered_.size(); }

 private:
  void dial();
  void send(wire::ClientRequest request);
  void received(const std::string& bytes);
  void resend();

  Timeline& timeline_;
  Rng rng_;
  Watch& watch_;
  Checks& checks_;
  FakeController& controller_;
  Caller caller_;
  FakeController::Send send_;
  std::uint64_t connection_ = 0;
  std::uint64_t next_number_ = 1;
  std::map<std::uint64_t, wire::ClientRequest> unanswered_;  // submits only
  std::vector<JobId> jobs_;
};

}  // namespace cox::faults
