// Dispatch, and the requests that change something.
#include "ctld/client_desk.h"

#include <algorithm>
#include <utility>

#include "common/text.h"
#include "core/job/array.h"
#include "core/job/permission.h"
#include "ctld/translate/frame_check.h"
#include "model/selector.h"
#include "platform/log_line.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

constexpr int submits_max = 10'000;  // in one SubmitMany
// A client that reads nothing is cut off when its answers have grown to this.
constexpr std::size_t unread_bytes_max = 64U << 20;

void add_error(JobId job, const std::string& name, const Error& error, wire::ActionError* to) {
  to->set_job(job.value);
  to->set_name(name);
  wire::put(error, to->mutable_error());
}

// A number from here on is an id already: the client chose it at random and can tell it.
constexpr std::uint64_t own_ids_from = std::uint64_t{1} << 32;

/// By which the log names a request: its number where that is an id, else the controller's epoch,
/// the connection and its request.
std::uint64_t id_of(Epoch epoch, ClientId client, std::uint64_t number) {
  if (number >= own_ids_from) return number;
  return (epoch.value & 0xFFFF) << 48 | (client.value & 0xFFFF'FFFF) << 16 | (number & 0xFFFF);
}

/// An id, or 0 and what was wrong with that place of the request.
void add_outcome(const Result<JobId>& job, wire::SubmittedMany* to) {
  to->add_jobs(job ? job->value : 0);
  if (job) return;
  add_error(JobId{}, std::to_string(to->jobs_size() - 1), job.error(), to->add_errors());
}

}  // namespace

ClientDesk::ClientDesk(Machine& machine,
                       OutputQueue& outputs,
                       ClientLinks& links,
                       Users& users,
                       HistoryDesk& history,
                       ConfigDesk& configs,
                       const std::string& cluster_key,
                       const Log& log,
                       About about)
    : machine_(machine),
      outputs_(outputs),
      links_(links),
      users_(users),
      history_(history),
      configs_(configs),
      cluster_key_(cluster_key),
      log_(log),
      about_(std::move(about)) {}

void ClientDesk::opened(ClientId client, const Caller& caller) {
  clients_[client] = caller;
}

void ClientDesk::joiner_opened(ClientId client, const std::string& token) {
  joiners_[client] = token;
}

void ClientDesk::closed(ClientId client) {
  clients_.erase(client);
  joiners_.erase(client);
  std::erase_if(listings_, [client](const Listing& listing) {
    return listing.conversation().client == client;
  });
  queue_watches_.drop(client);
  for (const JobId id : watches_.drop(client)) {
    const core::Job* job = state().find_job(id);
    if (job == nullptr || job->request.common->kind != JobKind::interactive) continue;
    if (job->phase != JobPhase::pending && job->phase != JobPhase::starting) continue;
    const Caller owner{job->request.common->user.uid, job->request.common->user.gid, Role::user};
    machine_.ask(core::CancelJob{owner, id});
  }
}

void ClientDesk::said(ClientId client, const wire::ClientRequest& request) {
  if (const auto joiner = joiners_.find(client); joiner != joiners_.end()) {
    const Conversation to{client, request.number()};
    if (request.has_join()) return admit(to, joiner->second, request.join());
    return refuse(to, {Code::not_permitted, "with a token a host can join, and nothing else"});
  }
  const auto known = clients_.find(client);
  if (known == clients_.end()) return;
  Caller caller = known->second;
  caller.role = core::role_of(state().record.settings, caller);
  const std::uint64_t id = id_of(state().record.epoch, client, request.number());
  const RequestScope scope(id);
  const Conversation to{client, request.number(), id};
  if (auto counted = check_counts(request); !counted) return refuse(to, counted.error());
  if (storage_full_ && is_change(request)) {
    refuse(to, {Code::storage_full, "the disk of " + about_.state_dir + " is full"});
    return;
  }
  switch (request.body_case()) {
    case wire::ClientRequest::kSubmit:
      return submit(to, caller, request.submit());
    case wire::ClientRequest::kSubmitMany:
      return submit_many(to, caller, request.submit_many());
    case wire::ClientRequest::kJobAction:
      return act_on_jobs(to, caller, request.job_action());
    case wire::ClientRequest::kNodeAction:
      return act_on_nodes(to, caller, request.node_action());
    case wire::ClientRequest::kCreateStep:
      return create_step(to, caller, request.create_step());
    case wire::ClientRequest::kShutdown:
      return shut_down(to, caller, request.shutdown());
    case wire::ClientRequest::kListJobs:
      return list_jobs(to, request.list_jobs());
    case wire::ClientRequest::kListNodes:
      return list_nodes(to, request.list_nodes());
    case wire::ClientRequest::kListPartitions:
      return list_partitions(to);
    case wire::ClientRequest::kExplainJob:
      return explain(to, request.explain_job());
    case wire::ClientRequest::kStatus:
      return status(to);
    case wire::ClientRequest::kWaitJobs:
      return wait(to, request.wait_jobs());
    case wire::ClientRequest::kPartitionAction:
      return act_on_partitions(to, caller, request.partition_action());
    case wire::ClientRequest::kConfigAction:
      return act_on_config(to, caller, request.config_action());
    case wire::ClientRequest::kHistoryQuery:
      return history(to, request.history_query());
    case wire::ClientRequest::kJoin:
      return refuse(to,
                    {Code::not_permitted, "to join needs a token (see: cox join --print-token)"});
    case wire::ClientRequest::BODY_NOT_SET:
      break;
  }
  refuse(to, {Code::bad_usage, "a request that this version does not know"});
}

bool ClientDesk::is_change(const wire::ClientRequest& request) const {
  switch (request.body_case()) {
    case wire::ClientRequest::kSubmit:
    case wire::ClientRequest::kSubmitMany:
    case wire::ClientRequest::kJobAction:
    case wire::ClientRequest::kNodeAction:
    case wire::ClientRequest::kCreateStep:
    case wire::ClientRequest::kPartitionAction:
      return true;
    case wire::ClientRequest::kConfigAction:
      return request.config_action().kind() == wire::ConfigAction::APPLY ||
             request.config_action().kind() == wire::ConfigAction::ROLLBACK;
    default:
      return false;
  }
}

/// As whom the job is to run. error: not_permitted
Result<Uid> ClientDesk::user_of(const wire::Submit& submit, const Caller& caller) const {
  const auto uid = submit_user(submit, caller);
  if (!uid || about_.only_user.value_or(*uid) == *uid) return uid;
  return fail(Code::not_permitted, "uid " + std::to_string(*uid) + ": this cluster is of uid " +
                                       std::to_string(*about_.only_user) +
                                       ", not of root, and can run jobs of that user alone (one of "
                                       "your own: cox up)");
}

void ClientDesk::submit(const Conversation& to, const Caller& caller, const wire::Submit& submit) {
  const auto uid = user_of(submit, caller);
  if (!uid) return refuse(to, uid.error());
  if (const UserIdentity* known = users_.find(*uid, machine_.now())) {
    return submit_known(to, caller, submit, *known);
  }
  // The answer comes turns later: the message is kept for it.
  users_.resolve(*uid, caller.gid, machine_.now(), [=, this](const Result<UserIdentity>& user) {
    if (!user) return refuse(to, user.error());
    submit_known(to, caller, submit, *user);
  });
}

void ClientDesk::submit_known(const Conversation& to,
                              const Caller& caller,
                              const wire::Submit& submit,
                              const UserIdentity& user) {
  if (submit.request().dependency().empty()) {
    return submit_knowing(to, caller, submit, user, {});
  }
  with_past(to, submit, [=, this](const std::vector<PastJob>& past) {
    submit_knowing(to, caller, submit, user, past);
  });
}

void ClientDesk::submit_knowing(const Conversation& to,
                                const Caller& caller,
                                const wire::Submit& submit,
                                const UserIdentity& user,
                                const std::vector<PastJob>& past) {
  if (submit.dry_run()) return foretell(to, translate_submit(submit, caller, user, past));
  finish_submit(to, submit, submit_as(caller, submit, user, past));
}

Result<JobId> ClientDesk::submit_as(const Caller& caller,
                                    const wire::Submit& submit,
                                    const UserIdentity& user,
                                    const std::vector<PastJob>& past) {
  if (shutdown_) return fail(Code::refused, "the controller is shutting down");
  return submit_made(translate_submit(submit, caller, user, past), submit.dry_run());
}

/// 0 for a dry run that would be accepted.
Result<JobId> ClientDesk::submit_made(Result<WithContent<core::SubmitJob>> made, bool dry_run) {
  if (!made) return tl::unexpected(made.error());
  if (const auto known = core::submitted_before(state(), made->request)) {
    return *known;
  }
  const core::Request request = std::move(made->request);
  if (dry_run) {
    auto facts = core::decide(state(), machine_.contact(), machine_.now(), request);
    if (!facts) return tl::unexpected(facts.error());
    return JobId{};
  }
  const JobId next = state().record.next_job;
  if (auto asked = machine_.ask(request, std::move(made->blobs)); !asked) {
    return tl::unexpected(asked.error());
  }
  return next;
}

void ClientDesk::finish_submit(const Conversation& to,
                               const wire::Submit& submit,
                               const Result<JobId>& job) {
  if (!job) return refuse(to, job.error());
  wire::ClientReply answer;
  answer.mutable_submitted()->set_job(job->value);
  reply(to, std::move(answer), !submit.attach(), false);
  if (submit.attach()) attach(to, *job);
}

void ClientDesk::submit_many(const Conversation& to,
                             const Caller& caller,
                             const wire::SubmitMany& many) {
  const int count = many.jobs_size() + many.variants_size();
  if (many.jobs_size() > submits_max || many.variants_size() > submits_max || count > submits_max) {
    return refuse(to, {Code::bad_usage, std::to_string(count) + " jobs are over the limit of " +
                                            std::to_string(submits_max)});
  }
  // All are of one user: the first's. Another user's job among them is refused.
  const wire::Submit& first = many.jobs_size() == 0 ? many.base() : many.jobs(0);
  const auto uid = user_of(first, caller);
  if (!uid) return refuse(to, uid.error());
  if (const UserIdentity* known = users_.find(*uid, machine_.now())) {
    return submit_all(to, caller, many, *known);
  }
  users_.resolve(*uid, caller.gid, machine_.now(), [=, this](const Result<UserIdentity>& user) {
    if (!user) return refuse(to, user.error());
    submit_all(to, caller, many, *user);
  });
}

void ClientDesk::submit_all(const Conversation& to,
                            const Caller& caller,
                            const wire::SubmitMany& many,
                            const UserIdentity& user) {
  const auto waits = [](const wire::Submit& one) { return !one.request().dependency().empty(); };
  if (!waits(many.base()) && std::ranges::none_of(many.jobs(), waits)) {
    return submit_all_knowing(to, caller, many, user, {});
  }
  with_past(to, many, [=, this](const std::vector<PastJob>& past) {
    submit_all_knowing(to, caller, many, user, past);
  });
}

void ClientDesk::submit_all_knowing(const Conversation& to,
                                    const Caller& caller,
                                    const wire::SubmitMany& many,
                                    const UserIdentity& user,
                                    const std::vector<PastJob>& past) {
  wire::ClientReply answer;
  wire::SubmittedMany& submitted = *answer.mutable_submitted_many();
  for (const wire::Submit& one : many.jobs()) {
    Result<JobId> job = fail(Code::not_permitted, "jobs of several users in one request");
    if (submit_user(one, caller) == user.uid) job = submit_as(caller, one, user, past);
    add_outcome(job, &submitted);
  }
  submit_variants(caller, many, user, past, &submitted);
  reply(to, std::move(answer), true, false);
}

/// The base is translated once: its variants share what they have in common.
void ClientDesk::submit_variants(const Caller& caller,
                                 const wire::SubmitMany& many,
                                 const UserIdentity& user,
                                 const std::vector<PastJob>& past,
                                 wire::SubmittedMany* answer) {
  if (many.variants_size() == 0) return;
  const wire::Submit& message = many.base();
  Result<WithContent<core::SubmitJob>> base =
      fail(Code::not_permitted, "jobs of several users in one request");
  if (shutdown_) {
    base = fail(Code::refused, "the controller is shutting down");
  } else if (submit_user(message, caller) == user.uid) {
    base = translate_submit(message, caller, user, past);
  }
  for (const wire::SubmitVariant& variant : many.variants()) {
    auto made = base ? translate_variant(*base, message, variant) : base;
    add_outcome(submit_made(std::move(made), message.dry_run()), answer);
  }
}

void ClientDesk::act_on_jobs(const Conversation& to,
                             const Caller& caller,
                             const wire::JobAction& action) {
  const auto jobs = jobs_meant(caller, action);
  if (!jobs) return refuse(to, jobs.error());
  if (!action.changes().has_dependency()) {
    return act_on_jobs_knowing(to, caller, action, *jobs, {});
  }
  with_past(to, action, *jobs, [=, this, jobs = *jobs](const std::vector<PastJob>& past) {
    act_on_jobs_knowing(to, caller, action, jobs, past);
  });
}

Result<std::vector<JobId>> ClientDesk::jobs_meant(const Caller& caller,
                                                  const wire::JobAction& action) const {
  const auto selector = Selector::parse(action.selector());
  if (!selector) return tl::unexpected(selector.error());
  std::vector<JobId> jobs(action.jobs().begin(), action.jobs().end());
  const bool is_named = action.jobs_size() + action.elements_size() != 0;
  if (action.user().empty() && (selector->empty() || is_named)) {
    // Labels choose among the jobs named; of one that is not there it is said so.
    if (selector->empty()) return jobs;
    std::erase_if(jobs, [&](JobId id) {
      const core::Job* job = state().find_job(id);
      return job != nullptr && !selector->matches(job->request.common->labels);
    });
    return jobs;
  }
  jobs.clear();
  for (const JobId id : state().index.unended) {
    const core::Job& job = *state().find_job(id);
    if (core::is_element(job)) continue;  // an array stands for its elements
    const UserIdentity& user = job.request.common->user;
    const bool is_of_user =
        action.user().empty() ? user.uid == caller.uid : user.name == action.user();
    if (is_of_user && selector->matches(job.request.common->labels)) jobs.push_back(id);
  }
  return jobs;
}

void ClientDesk::act_on_jobs_knowing(const Conversation& to,
                                     const Caller& caller,
                                     const wire::JobAction& action,
                                     const std::vector<JobId>& jobs,
                                     const std::vector<PastJob>& past) {
  const auto elements = take_elements(action.elements());
  if (!elements) return refuse(to, elements.error());
  wire::ClientReply answer;
  wire::Done* done = answer.mutable_done();
  for (const JobId job : jobs) {
    auto request = translate_action(state(), action, caller, job, {}, past);
    auto asked = request ? machine_.ask(*request) : tl::unexpected(request.error());
    if (asked) {
      done->set_count(done->count() + 1);
    } else {
      add_error(job, "", asked.error(), done->add_errors());
    }
  }
  for (const auto& [array, some] : *elements) {
    auto request = translate_action(state(), action, caller, array, some);
    auto asked = request ? machine_.ask(*request) : tl::unexpected(request.error());
    if (asked) {
      done->set_count(done->count() + 1);
    } else {
      add_error(array, "job " + elements_name(array, some), asked.error(), done->add_errors());
    }
  }
  reply(to, std::move(answer), true, false);
}

void ClientDesk::create_step(const Conversation& to,
                             const Caller& caller,
                             const wire::CreateStep& create) {
  auto made = translate_create_step(create, caller);
  if (!made) return refuse(to, made.error());
  const JobId id = made->request.job;
  const core::Job* before = state().find_job(id);
  const StepId next = before == nullptr ? StepId{} : before->run->next_step;
  const ClientKey key = made->request.key;
  const bool is_resend = before != nullptr && core::step_created_before(*before, key) != nullptr;
  auto asked = machine_.ask(std::move(made->request), std::move(made->blobs));
  if (!asked) return refuse(to, asked.error());
  const core::Job& job = *state().find_job(id);
  const StepId step = is_resend ? core::step_created_before(job, key)->id : next;
  watches_.add(id, Watch{to, WatchKind::step, {id, job.attempt, step}, {}, false});
  if (is_resend) tell(id, true);  // what a lost connection has missed
}

void ClientDesk::reply(const Conversation& to, wire::ClientReply reply, bool last, bool is_read) {
  reply.set_number(to.number);
  reply.set_last(last);
  if (!clients_.contains(to.client) && !joiners_.contains(to.client)) return;
  if (outputs_.waiting_bytes(to.client) + links_.queued_bytes(to.client) > unread_bytes_max) {
    // What it asks from now on is not heard: one turn may bring thousands of requests.
    clients_.erase(to.client);
    return links_.cut_off(to.client);
  }
  outputs_.to_client(machine_.last_sequence(), to.client, reply.SerializeAsString(), is_read);
}

void ClientDesk::refuse(const Conversation& to, const Error& error) {
  Error told = error;
  if (error.code == Code::internal) {
    const RequestScope scope(to.request);
    log_.error("a request failed: " + error.message);
    told.message += " (request " + platform::request_text(to.request) + " in the controller's log)";
  }
  wire::ClientReply answer;
  wire::put(told, answer.mutable_error());
  // A refusal promises nothing, so it may leave like a read.
  reply(to, std::move(answer), true, true);
}

}  // namespace cox::ctld
