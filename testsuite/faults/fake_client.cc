// Random jobs, and the manners of a client that must not lose one.
#include "testsuite/faults/fake_client.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cox::faults {
namespace {

constexpr Duration endless_run = minutes(600);  // longer than any limit

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

/// A few elements, in two ranges, often with a limit of how many run at once.
void make_array(Rng& rng, wire::JobRequest* job) {
  auto* first = job->add_array();
  first->set_first(static_cast<std::uint32_t>(rng.below(3)));
  first->set_last(first->first() + static_cast<std::uint32_t>(rng.below(4)));
  if (rng.chance(1, 2)) {
    auto* second = job->add_array();
    second->set_first(10);
    second->set_step(2);
    second->set_last(10 + 2 * static_cast<std::uint32_t>(rng.below(3)));
    if (second->first() == second->last()) second->set_step(1);
  }
  if (rng.chance(1, 2)) job->set_array_at_once(static_cast<std::uint32_t>(rng.between(1, 3)));
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
  connected_life_ = controller_.lives();
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

wire::ClientRequest FakeClient::new_submit() {
  wire::ClientRequest request;
  request.set_number(next_number_++);
  auto* submit = request.mutable_submit();
  submit->set_key_high(caller_.uid + 1);
  submit->set_key_low(request.number());
  submit->add_environment("PATH=/bin");
  auto* job = submit->mutable_request();
  if (rng_.chance(1, 5)) {
    job->set_kind(static_cast<std::uint32_t>(JobKind::interactive));
    if (rng_.chance(1, 2)) job->mutable_initial_step()->add_argv("true");
  } else {
    submit->set_script("#!/bin/sh\necho " + std::to_string(rng_.below(5)) + "\n");
  }
  if (job->kind() == static_cast<std::uint32_t>(JobKind::batch) && rng_.chance(1, 6)) {
    make_array(rng_, job);
  }
  job->set_name("j" + std::to_string(request.number()));
  job->set_directory("/tmp");
  job->set_umask(022);
  job->set_requeue(rng_.chance(2, 3));
  job->set_held(rng_.chance(1, 20));
  job->set_time_limit_us(job_limit.us);
  const bool is_endless = rng_.chance(1, 8);
  (*job->mutable_labels())["run_us"] =
      std::to_string(is_endless ? endless_run.us : rng_.between(1'000, 8'000'000));
  (*job->mutable_labels())["exit"] = std::to_string(rng_.chance(1, 8) ? 3 : 0);
  shape(rng_, job->add_components());
  depend(job);
  if (wishes_) add_wishes(job);
  return request;
}

/// Two nodes are in each rack, and those of one are fat: all of it can be had by its number of
/// nodes.
void FakeClient::add_wishes(wire::JobRequest* job) {
  constexpr std::array of_two{"fat", "rack=a", "[rack=a|rack=b]", "!fat", "rack=b&fat*1"};
  constexpr std::array of_more{"rack=a*1", "fat*2", "rack=a*1&fat*1", "rack=a|rack=b"};
  Rng& rng = *wishes_;
  const std::uint32_t nodes = job->components(0).nodes_min();
  if (rng.chance(1, 2)) {
    const bool is_mixed = nodes > 2 || (nodes == 2 && rng.chance(1, 2));
    job->set_constraint(is_mixed ? of_more[rng.below(of_more.size())]
                                 : of_two[rng.below(of_two.size())]);
  }
  if (rng.chance(1, 5)) job->set_prefer(rng.chance(1, 2) ? "fat" : "rack=a");
  const auto want = [job](const char* name, std::uint32_t count) {
    auto* license = job->add_licenses();
    license->set_name(name);
    license->set_count(count);
  };
  if (rng.chance(1, 3)) want("matlab", 1);
  if (rng.chance(1, 4)) want("ansys", static_cast<std::uint32_t>(rng.between(1, 3)));
}

/// On jobs of before, some of which left the controller's memory long ago.
void FakeClient::depend(wire::JobRequest* job) {
  if (jobs_.empty() || !rng_.chance(1, 4)) return;
  constexpr std::array kinds{"after", "afterany", "afterok", "afternotok", "aftercorr"};
  std::string text = kinds[rng_.below(kinds.size())];
  // The corresponding elements have to be there.
  const bool corresponds = text == "aftercorr" && job->array_size() != 0;
  if (corresponds) text = "afterok";
  for (auto count = rng_.between(1, 2); count > 0; --count) {
    text += ":" + std::to_string(jobs_[rng_.below(jobs_.size())].value);
  }
  if (rng_.chance(1, 6)) text += rng_.chance(1, 2) ? ",singleton" : "?singleton";
  job->set_dependency(text);
}

/// Another time limit, name or dependency, for some job that may wait.
void FakeClient::update(JobId job) {
  wire::ClientRequest request;
  request.set_number(next_number_++);
  auto* action = request.mutable_job_action();
  action->set_kind(wire::JobAction::UPDATE);
  action->add_jobs(job.value);
  auto* changes = action->mutable_changes();
  switch (rng_.below(4)) {
    case 0:
      changes->set_name("j" + std::to_string(rng_.below(3)));
      break;
    case 1:
      changes->set_dependency("");
      break;
    case 2:
      changes->set_dependency("afterany:" + std::to_string(jobs_[rng_.below(jobs_.size())].value));
      break;
    default:
      changes->set_nice(static_cast<std::int32_t>(rng_.below(3)));
      break;
  }
  send(request);
}

void FakeClient::submit() {
  const auto request = new_submit();
  unanswered_[request.number()] = request;
  send(request);
}

void FakeClient::submit_again() {
  if (!answered_.empty()) submit_again(answered_[rng_.below(answered_.size())]);
}

void FakeClient::submit_again(wire::ClientRequest request) {
  request.set_number(next_number_++);
  unanswered_[request.number()] = request;
  send(request);
}

void FakeClient::submit_all_again() {
  for (const wire::ClientRequest& request : answered_) submit_again(request);
}

void FakeClient::submit_with_key_of(const FakeClient& other) {
  if (other.answered_.empty()) return;
  auto request = new_submit();
  request.mutable_submit()->set_key_high(other.answered_.back().submit().key_high());
  request.mutable_submit()->set_key_low(other.answered_.back().submit().key_low());
  thefts_[request.number()] = ClientKey{{request.submit().key_high(), request.submit().key_low()}};
  send(request);
}

void FakeClient::resend() {
  for (const auto& [number, request] : unanswered_) {
    send(request);
  }
  ask_status();
  timeline_.after(seconds(3), [this] { resend(); });
}

void FakeClient::ask_status() {
  const bool full = controller_.knows_disk_full();
  const bool was_answerable = asked_number_ != 0 && asked_while_full_ && full && send_ != nullptr &&
                              asked_connection_ == connection_ &&
                              connected_life_ == controller_.lives() && checks_.is_undisturbed;
  if (was_answerable) watch_.complain("a question was not answered while the disk is full");
  wire::ClientRequest request;
  request.set_number(next_number_++);
  request.mutable_status();
  send(request);
  asked_number_ = request.number();
  asked_connection_ = connection_;
  asked_while_full_ = full;
}

void FakeClient::received(const std::string& bytes) {
  wire::ClientReply reply;
  if (!reply.ParseFromString(bytes)) {
    watch_.complain("a reply cannot be decoded");
    return;
  }
  if (reply.number() == asked_number_) asked_number_ = 0;
  if (const auto theft = thefts_.find(reply.number()); theft != thefts_.end()) {
    if (reply.has_submitted()) {
      watch_.complain("a key of another user gave job " + std::to_string(reply.submitted().job()));
    }
    thefts_.erase(theft);
  }
  if (good_.erase(reply.number()) != 0 && reply.has_error() &&
      static_cast<Code>(reply.error().code()) != Code::storage_full) {
    watch_.complain("what an administrator may do was refused: " + reply.error().message());
  }
  const auto found = unanswered_.find(reply.number());
  if (found == unanswered_.end()) {
    return;
  }
  if (reply.has_error()) {
    // Until there is room again the client asks on.
    if (static_cast<Code>(reply.error().code()) == Code::storage_full) return;
    watch_.complain("a good submit was refused: " + reply.error().message());
  } else {
    const auto& submit = found->second.submit();
    const JobId job{reply.submitted().job()};
    if (checks_.acknowledged(ClientKey{{submit.key_high(), submit.key_low()}}, job)) {
      jobs_.push_back(job);
      if (submit.request().array_size() != 0) arrays_.push_back(job);
      take_allocation(submit.request(), job);
      if (submit.request().labels().at("run_us") == std::to_string(endless_run.us)) {
        endless_.push_back(job);
      }
      answered_.push_back(found->second);
    }
  }
  unanswered_.erase(found);
}

/// People leave an allocation after a while.
void FakeClient::take_allocation(const wire::JobRequest& request, JobId job) {
  const bool is_allocation = request.kind() == static_cast<std::uint32_t>(JobKind::interactive) &&
                             !request.has_initial_step();
  if (!is_allocation) return;
  allocations_.push_back(job);
  timeline_.after(milliseconds(rng_.between(100, 15'000)),
                  [this, job] { act_on(job, wire::JobAction::CANCEL); });
}

void FakeClient::run_a_step() {
  if (allocations_.empty()) return;
  wire::ClientRequest request;
  request.set_number(next_number_++);
  auto* create = request.mutable_create_step();
  create->set_job(allocations_[rng_.below(allocations_.size())].value);
  create->mutable_request()->add_argv("true");
  create->mutable_request()->set_nodes(static_cast<std::uint32_t>(rng_.below(2)));
  create->mutable_request()->set_sharing(static_cast<std::uint32_t>(rng_.below(3)));
  create->mutable_request()->set_tasks(create->request().nodes());
  send(request);
}

void FakeClient::leave_allocations(const core::State& state) {
  for (const JobId id : allocations_) {
    const core::Job* job = state.find_job(id);
    if (job == nullptr || job->phase != JobPhase::running) continue;
    const bool is_idle = std::ranges::all_of(
        job->run->steps, [](const core::Step& step) { return step.is_ended(); });
    if (is_idle) act_on(id, wire::JobAction::CANCEL);
  }
}

void FakeClient::act_on_elements(JobId array, wire::JobAction::Kind kind) {
  wire::ClientRequest request;
  request.set_number(next_number_++);
  request.mutable_job_action()->set_kind(kind);
  auto* elements = request.mutable_job_action()->add_elements();
  elements->set_array(array.value);
  auto* range = elements->add_elements();
  range->set_first(static_cast<std::uint32_t>(rng_.below(5)));
  range->set_last(range->first() + static_cast<std::uint32_t>(rng_.below(2)));
  send(request);
}

void FakeClient::act_on(JobId job, wire::JobAction::Kind kind) {
  wire::ClientRequest request;
  request.set_number(next_number_++);
  request.mutable_job_action()->set_kind(kind);
  request.mutable_job_action()->add_jobs(job.value);
  send(request);
}

void FakeClient::meddle() {
  if (jobs_.empty()) {
    return;
  }
  if (rng_.chance(1, 3)) return run_a_step();
  constexpr std::array kinds{wire::JobAction::CANCEL, wire::JobAction::HOLD,
                             wire::JobAction::RELEASE, wire::JobAction::RELEASE,
                             wire::JobAction::REQUEUE};
  const JobId job = jobs_[rng_.below(jobs_.size())];
  if (rng_.chance(1, 5)) return update(job);
  const auto kind = kinds[rng_.below(kinds.size())];
  if (!arrays_.empty() && rng_.chance(1, 3)) {
    return act_on_elements(arrays_[rng_.below(arrays_.size())], kind);
  }
  act_on(job, kind);
}

void FakeClient::end_endless() {
  for (const JobId job : std::exchange(endless_, {})) act_on(job, wire::JobAction::CANCEL);
}

void FakeClient::act_on_all(wire::JobAction::Kind kind) {
  for (const auto job : jobs_) act_on(job, kind);
}

void FakeClient::ask(wire::ClientRequest request, bool is_good) {
  request.set_number(next_number_++);
  if (is_good) good_.insert(request.number());
  send(std::move(request));
}

void FakeClient::resume_nodes(const std::string& names) {
  wire::ClientRequest request;
  request.set_number(next_number_++);
  request.mutable_node_action()->set_kind(wire::NodeAction::RESUME);
  request.mutable_node_action()->set_names(names);
  send(request);
}

}  // namespace cox::faults
