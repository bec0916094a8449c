// Dispatch, and the requests that change something.
#include "ctld/client_desk.h"

#include <algorithm>
#include <utility>

#include "common/text.h"
#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "ctld/name_list.h"
#include "ctld/translate/frame_check.h"
#include "model/selector.h"
#include "platform/log_line.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

// A client that reads nothing is cut off when its answers have grown to this.
constexpr std::size_t unread_bytes_max = 64U << 20;

// A number from here on is an id already: the client chose it at random and can tell it.
constexpr std::uint64_t own_ids_from = std::uint64_t{1} << 32;

/// By which the log names a request: its number where that is an id, else the controller's epoch,
/// the connection and its request.
std::uint64_t id_of(Epoch epoch, ClientId client, std::uint64_t number) {
  if (number >= own_ids_from) return number;
  return (epoch.value & 0xFFFF) << 48 | (client.value & 0xFFFF'FFFF) << 16 | (number & 0xFFFF);
}

}  // namespace

ClientDesk::ClientDesk(Machine& machine,
                       OutputQueue& outputs,
                       ClientLinks& links,
                       Users& users,
                       HistoryDesk& history,
                       ConfigDesk& configs,
                       NodeDesk& nodes,
                       const std::string& cluster_key,
                       const Log& log,
                       About about)
    : machine_(machine),
      outputs_(outputs),
      links_(links),
      users_(users),
      history_(history),
      configs_(configs),
      nodes_(nodes),
      cluster_key_(cluster_key),
      log_(log),
      about_(std::move(about)),
      questions_([this](const Conversation& to, wire::ProcessList found) {
        wire::ClientReply answer;
        *answer.mutable_processes() = std::move(found);
        reply(to, std::move(answer), true, true);
      }) {}

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
  std::erase_if(snapshots_, [client](const Snapshot& snapshot) {
    return snapshot.conversation().client == client;
  });
  queue_watches_.drop(client);
  questions_.drop(client);
  leave_steps(client);
  for (const JobId id : watches_.drop(client)) {
    const core::Job* job = state().find_job(id);
    if (job == nullptr || job->request.common->kind != JobKind::interactive) continue;
    left_alone(id);
    if (job->phase != JobPhase::pending && job->phase != JobPhase::starting) continue;
    const UserIdentity& user = job->request.common->user;
    machine_.ask(core::CancelJob{Caller{user.uid, user.gid, Role::user, false, user.name}, id});
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
  if (const UserIdentity* user = users_.find(caller.uid, machine_.now())) caller.name = user->name;
  const std::uint64_t id = id_of(state().record.epoch, client, request.number());
  const RequestScope scope(id);
  const Conversation to{client, request.number(), id};
  if (auto counted = check_counts(request); !counted) return refuse(to, counted.error());
  if (storage_full_ && is_change(request)) {
    refuse(to, {Code::storage_full, "the disk of " + about_.state_dir + " is full"});
    return;
  }
  answer(to, caller, request);
}

void ClientDesk::answer(const Conversation& to,
                        const Caller& caller,
                        const wire::ClientRequest& request) {
  switch (request.body_case()) {
    case wire::ClientRequest::kSubmit:
      return submit(to, caller, request.submit());
    case wire::ClientRequest::kSubmitMany:
      return submit_many(to, caller, request.submit_many());
    case wire::ClientRequest::kJobAction:
      // Root, and who acts on jobs of their own, wait for no look-up: it may take as long as a
      // network of users is away.
      if (caller.uid == 0 || !core::is_operator(caller)) {
        return act_on_jobs(to, caller, request.job_action());
      }
      return with_name(caller, [this, to, action = request.job_action()](const Caller& named) {
        const RequestScope again(to.request);
        act_on_jobs(to, named, action);
      });
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
    case wire::ClientRequest::kSnapshot:
      return take_snapshot(to);
    case wire::ClientRequest::kListShares:
      return list_shares(to);
    case wire::ClientRequest::kListLicenses:
      return list_licenses(to);
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
    case wire::ClientRequest::kListProcesses:
      return list_processes(to, caller, request.list_processes());
    case wire::ClientRequest::kAttachStep:
      return attach_step(to, caller, request.attach_step());
    case wire::ClientRequest::kJoin:
      return refuse(to,
                    {Code::not_permitted, "to join needs a token (see: cox join --print-token)"});
    case wire::ClientRequest::BODY_NOT_SET:
      break;
  }
  refuse(to, {Code::bad_usage, "a request that this version does not know"});
}

bool ClientDesk::is_change(const wire::ClientRequest& request) {
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
  tell(id, true);  // also what a lost connection has missed
}

void ClientDesk::reply(const Conversation& to, wire::ClientReply&& reply, bool last, bool is_read) {
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

void ClientDesk::refuse(const Conversation& to, const Error& error, Duration retry_after) {
  Error told = error;
  if (error.code == Code::internal) {
    const RequestScope scope(to.request);
    log_.error("a request failed: " + error.message);
    told.message += " (request " + platform::request_text(to.request) + " in the controller's log)";
  }
  wire::ClientReply answer;
  wire::put(told, answer.mutable_error());
  answer.set_retry_after_ms(static_cast<std::uint32_t>(retry_after.us / 1000));
  // A refusal promises nothing, so it may leave like a read.
  reply(to, std::move(answer), true, true);
}

}  // namespace cox::ctld
