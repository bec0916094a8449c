// Random jobs, and the manners of a client that must not lose one.
#include "testsuite/faults/fake_client.h"

#include <array>
#include <utility>

namespace cox::faults {
namespace {

// Shapes fit a fleet of four nodes with 8 cores and 8 GiB each.
void shape(Rng& rng, wire::Component* component) {
  const auto nodes = static_cast<std::uint32_t>(rng.between(1, rng.chance(1, 3) ? 4 : 1));
  component->set_nodes_min(nodes);
  component->set_nodes_max(nodes);
  component->set_tasks(nodes * static_cast<std::uint32_t>(rng.between(1, 4)));
  component->set_cpus_per_task(static_cast<std::uint32_t>(rng.between(1, 2)));
  component->set_memory_per_node_mib(rng.chance(1, 2) ? rng.between(100, 4000) : -1);
  component->set_memory_per_cpu_mib(-1);
  component->set_exclusive(rng.chance(1, 10));
}

}  // namespace

FakeClient::FakeClient(Timeline& timeline,
                       Rng rng,
                       Watch& watch,
                       Checks& checks,
                       FakeController& controller,
                       Caller caller)
    : timeline_(timeline),
      rng_(rng),
      watch_(watch),
      checks_(checks),
      controller_(controller),
      caller_(caller) {
  dial();
  resend();
}

void FakeClient::dial() {
  const std::uint64_t connection = ++connection_;
  send_ = controller_.dial_client(
      caller_, [this](const std::string& bytes) { received(bytes); },
      [this, connection] {
        if (connection == connection_) {
          send_ = nullptr;
        }
      });
}

void FakeClient::send(wire::ClientRequest request) {
  if (!send_) {
    dial();
  }
  if (send_) {
    send_(request.SerializeAsString());
  }
}

void FakeClient::submit() {
  wire::ClientRequest request;
  request.set_number(next_number_++);
  auto* submit = request.mutable_submit();
  submit->set_key_high(caller_.uid + 1);
  submit->set_key_low(request.number());
  submit->set_script("#!/bin/sh\necho " + std::to_string(rng_.below(5)) + "\n");
  submit->add_environment("PATH=/bin");
  auto* job = submit->mutable_request();
  job->set_name("j" + std::to_string(request.number()));
  job->set_directory("/tmp");
  job->set_umask(022);
  job->set_requeue(rng_.chance(2, 3));
  job->set_held(rng_.chance(1, 20));
  job->set_time_limit_us(minutes(10).us);
  (*job->mutable_labels())["run_us"] = std::to_string(rng_.between(1'000, 8'000'000));
  (*job->mutable_labels())["exit"] = std::to_string(rng_.chance(1, 8) ? 3 : 0);
  shape(rng_, job->add_components());
  unanswered_[request.number()] = request;
  send(request);
}

void FakeClient::resend() {
  for (const auto& [number, request] : unanswered_) {
    send(request);
  }
  timeline_.after(seconds(3), [this] { resend(); });
}

void FakeClient::received(const std::string& bytes) {
  wire::ClientReply reply;
  if (!reply.ParseFromString(bytes)) {
    watch_.complain("a reply cannot be decoded");
    return;
  }
  const auto found = unanswered_.find(reply.number());
  if (found == unanswered_.end()) {
    return;
  }
  if (reply.has_error()) {
    watch_.complain("a good submit was refused: " + reply.error().message());
  } else {
    const auto& submit = found->second.submit();
    const JobId job{reply.submitted().job()};
    checks_.acknowledged(ClientKey{{submit.key_high(), submit.key_low()}}, job);
    jobs_.push_back(job);
  }
  unanswered_.erase(found);
}

void FakeClient::meddle() {
  if (jobs_.empty()) {
    return;
  }
  constexpr std::array kinds{wire::JobAction::CANCEL, wire::JobAction::HOLD,
                             wire::JobAction::RELEASE, wire::JobAction::RELEASE,
                             wire::JobAction::REQUEUE};
  wire::ClientRequest request;
  request.set_number(next_number_++);
  request.mutable_job_action()->set_kind(kinds[rng_.below(kinds.size())]);
  request.mutable_job_action()->add_jobs(jobs_[rng_.below(jobs_.size())].value);
  send(request);
}

void FakeClient::act_on_all(wire::JobAction::Kind kind) {
  for (const auto job : jobs_) {
    wire::ClientRequest request;
    request.set_number(next_number_++);
    request.mutable_job_action()->set_kind(kind);
    request.mutable_job_action()->add_jobs(job.value);
    send(request);
  }
}

void FakeClient::resume_nodes(const std::string& names) {
  wire::ClientRequest request;
  request.set_number(next_number_++);
  request.mutable_node_action()->set_kind(wire::NodeAction::RESUME);
  request.mutable_node_action()->set_names(names);
  send(request);
}

}  // namespace cox::faults
