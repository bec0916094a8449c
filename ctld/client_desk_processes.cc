// What runs of a job (cox ps), asked of its nodes, and where a step that runs is reached (cox
// attach). Both only for who may change the job.
#include <algorithm>
#include <utility>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/slice/standing.h"
#include "ctld/client_desk.h"

namespace cox::ctld {
namespace {

std::string title_of(const core::Job& job, std::optional<StepId> step) {
  return step ? "step " + core::job_name(job) + "." + step_name(*step) : core::job_text(job);
}

/// The step a person means who names none: that which begins with the job, else the first that
/// runs.
const core::Step* step_meant(const core::Job& job) {
  const core::Step* found = nullptr;
  for (const core::Step& step : job.run->steps) {
    if (step.is_ended() || !step.released.is_set() || step.id == step_batch) continue;
    if (found == nullptr || step.id < found->id) found = &step;
  }
  return found;
}

}  // namespace

Result<const core::Job*> ClientDesk::running_job(const Caller& caller,
                                                 std::uint64_t job,
                                                 const wire::ElementsOf& element) const {
  JobId id{job};
  if (element.elements_size() != 0) {
    google::protobuf::RepeatedPtrField<wire::ElementsOf> one;
    *one.Add() = element;
    const auto elements = take_elements(one);
    if (!elements) return tl::unexpected(elements.error());
    const auto& [array, wanted] = elements->front();
    const auto named = find_elements(state(), array, wanted);
    if (!named) return tl::unexpected(named.error());
    if (wanted.count() != 1) return bad_usage("several elements of an array: name one");
    if (named->jobs.empty()) {
      return fail(Code::refused, "job " + elements_name(array, wanted) + " does not run");
    }
    id = named->jobs.front();
  }
  const auto found = core::controlled_job(state(), caller, id);
  if (!found) return tl::unexpected(found.error());
  if (core::is_array(**found)) {
    return fail(Code::refused, core::job_text(**found) +
                                   " is an array: name one of its elements (" +
                                   std::to_string(id.value) + "_INDEX)");
  }
  if (!core::is_live(**found)) {
    return fail(Code::refused, core::job_text(**found) + " is " +
                                   std::string(to_text(core::job_state(**found))) +
                                   ": nothing of it runs");
  }
  return *found;
}

void ClientDesk::list_processes(const Conversation& to,
                                const Caller& caller,
                                const wire::ListProcesses& request) {
  const auto found = running_job(caller, request.job(), request.element());
  if (!found) return refuse_knowing_past(to, JobId{request.job()}, found.error());
  const core::Job& job = **found;
  std::optional<StepId> step;
  if (request.has_step()) step = StepId{request.step()};
  const core::Step* known = step ? core::find_step(job, *step) : nullptr;
  if (step && known == nullptr) {
    return refuse(to, {Code::not_found, "no " + title_of(job, step)});
  }
  std::vector<NodeQuestions::Asked> nodes;
  std::vector<std::string> silent;
  for (const NodeShare& share : job.run->allocation.nodes) {
    if (known != nullptr && !core::has_share(*known, share.node)) continue;
    const std::string& name = state().find_node(share.node)->name;
    if (machine_.contact().is_connected(share.node)) {
      nodes.push_back({share.node, name});
    } else {
      silent.push_back(name);
    }
  }
  wire::AskProcesses ask;
  const std::string stands = core::standing_text(state(), job);
  ask.set_number(questions_.begin(to, machine_.now(), nodes, silent, stands));
  ask.set_job(job.id.value);
  ask.set_attempt(job.attempt.value);
  if (step) ask.set_step(step->value);
  for (const NodeQuestions::Asked& one : nodes) nodes_.ask(one.node, ask);
}

void ClientDesk::attach_step(const Conversation& to,
                             const Caller& caller,
                             const wire::AttachStep& request) {
  const auto found = running_job(caller, request.job(), request.element());
  if (!found) return refuse_knowing_past(to, JobId{request.job()}, found.error());
  const core::Job& job = **found;
  // Who types into a step runs what they like as its user.
  const UserIdentity& user = job.request.common->user;
  if (caller.uid != user.uid && caller.role < Role::administrator) {
    return refuse(
        to, {Code::not_permitted, "only " + user_text(user.uid, user.name) + " may attach to " +
                                      core::job_text(job) + " (its output: cox logs " +
                                      core::job_name(job) + ")"});
  }
  const core::Step* step =
      request.has_step() ? core::find_step(job, StepId{request.step()}) : step_meant(job);
  if (step == nullptr && !request.has_step()) {
    return refuse(
        to, {Code::refused, core::job_text(job) + " has no step that runs (its output: cox logs " +
                                core::job_name(job) + ")"});
  }
  if (step == nullptr) {
    return refuse(to, {Code::not_found, "no " + title_of(job, StepId{request.step()})});
  }
  if (step->id == step_batch) {
    return refuse(to, {Code::refused, "a batch script has no terminal (its output: cox logs " +
                                          core::job_name(job) + ")"});
  }
  const std::string title = title_of(job, step->id);
  if (step->is_ended()) return refuse(to, {Code::refused, title + " has ended"});
  if (!step->released.is_set()) return refuse(to, {Code::refused, title + " has not begun"});
  if (!step->request.output.empty()) {
    return refuse(to, {Code::refused, title + " writes to files: " + step->request.output});
  }
  if (!tell_ready({job.id, job.attempt, step->id}, to, true)) {
    refuse(to, {Code::timed_out, title + ": its first node has not told where it is reached"});
  }
}

}  // namespace cox::ctld
