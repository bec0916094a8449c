// Requests that change nothing, and the shutdown.
#include <google/protobuf/arena.h>

#include <algorithm>
#include <map>
#include <utility>

#include "common/count_text.h"
#include "common/node_list.h"
#include "core/fleet/expectation.h"
#include "core/job/array.h"
#include "ctld/client_desk.h"
#include "ctld/translate/replies.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

// How long a forced shutdown waits for nodes to end what runs.
constexpr Duration shutdown_patience = seconds(10);
// Of the texts of a slice, made and gone together.
constexpr std::size_t slice_memory = 256U << 10;

/// The configuration no longer has the node, it is away, and nothing of a job is there.
bool is_gone(const core::State& state, const core::Contact& contact, const core::Node& node) {
  return core::is_unlisted(state, node) && !contact.is_connected(node.id) &&
         state.index.jobs_on_node[node.id.value].empty();
}

/// Jobs that wait, by the name of each partition that they may start in.
std::map<std::string, std::uint64_t> jobs_waiting(const core::State& state) {
  std::map<std::string, std::uint64_t> counts;
  for (const JobId id : state.index.unended) {
    const core::Job& job = *state.find_job(id);
    const std::uint32_t starts = core::waiting_starts(job);
    if (starts == 0) continue;
    for (const std::string& name : job.request.common->partitions) counts[name] += starts;
  }
  return counts;
}

bool is_interactive(const core::Job& job) {
  return job.request.common->kind == JobKind::interactive;
}

/// An end of the controller that keeps the queue leaves it alone: it waits, and not for somebody
/// who will be gone, or it ends anyway.
bool stays_in_queue(const core::Job& job) {
  const bool waits = job.phase == JobPhase::pending || job.phase == JobPhase::split;
  return job.phase == JobPhase::ending || (waits && !is_interactive(job));
}

/// Jobs that have begun, and interactive ones: what a queue that is kept cannot hold.
std::size_t count_unkept(const core::State& state) {
  std::size_t count = state.index.live;
  for (const JobId id : state.index.unended) {
    const core::Job& job = *state.find_job(id);
    count += job.phase == JobPhase::pending && is_interactive(job) ? 1 : 0;
  }
  return count;
}

/// What an end without force would do away with; "" when nothing.
std::string in_the_way(const core::State& state, bool keeps_queue) {
  const std::size_t live = state.index.live;
  if (!keeps_queue) {
    const std::size_t left = state.index.pending + live;
    if (left == 0) return "";
    return count_text(left, "job") + (left == 1 ? " waits or runs" : " wait or run");
  }
  if (live != 0) return count_text(live, "job") + (live == 1 ? " runs" : " run");
  const std::size_t left = count_unkept(state);
  if (left == 0) return "";
  return count_text(left, "interactive job") + (left == 1 ? " waits" : " wait");
}

}  // namespace

bool ClientDesk::send_slice(Listing& listing) {
  google::protobuf::ArenaOptions options;
  options.start_block_size = slice_memory;
  google::protobuf::Arena arena(options);
  auto& answer = *google::protobuf::Arena::CreateMessage<wire::ClientReply>(&arena);
  const core::PlaceTerms places(state(), *machine_.policies().priority, machine_.now());
  const bool last = listing.next(state(), machine_.plan(), places, &answer);
  const bool goes_on = continue_watched(listing.conversation(), last, &answer);
  reply(listing.conversation(), std::move(answer), last && !goes_on, true);
  return last;
}

bool ClientDesk::continue_lists() {
  // In turns with lists, which may never be none where many clients ask all the time.
  is_turn_of_snapshots_ = !is_turn_of_snapshots_;
  if (is_turn_of_snapshots_ && continue_snapshots()) return true;
  for (std::size_t tried = 0; tried < listings_.size(); ++tried) {
    Listing listing = std::move(listings_.front());
    listings_.pop_front();
    if (links_.queued_bytes(listing.conversation().client) > queued_bytes_max) {
      listings_.push_back(std::move(listing));
      continue;
    }
    if (!send_slice(listing)) listings_.push_back(std::move(listing));
    return true;
  }
  return continue_snapshots() || tell_watched();
}

void ClientDesk::list_nodes(const Conversation& to, const wire::ListNodes& request) {
  wire::ClientReply answer;
  wire::NodeList* list = answer.mutable_nodes();
  const auto add = [&](const core::Node& node) {
    put_node(state(), machine_.contact(), machine_.now(), node, list->add_nodes());
  };
  if (request.names().empty()) {
    for (const core::Node& node : state().record.nodes) {
      if (!is_gone(state(), machine_.contact(), node)) add(node);
    }
    return reply(to, std::move(answer), true, true);
  }
  const auto names = expand_node_list(request.names());
  if (!names) return refuse(to, names.error());
  for (const std::string& name : *names) {
    const auto id = state().node_named(name);
    if (!id) return refuse(to, {Code::not_found, "no node " + name + " (see: cox nodes)"});
    add(*state().find_node(*id));
  }
  reply(to, std::move(answer), true, true);
}

void ClientDesk::list_partitions(const Conversation& to) {
  wire::ClientReply answer;
  const auto waiting = jobs_waiting(state());
  for (const PartitionSettings& partition : state().record.settings.partitions) {
    wire::PartitionView* view = answer.mutable_partitions()->add_partitions();
    put_partition(state(), partition, view);
    if (const auto found = waiting.find(partition.name); found != waiting.end()) {
      view->set_jobs_pending(found->second);
    }
  }
  reply(to, std::move(answer), true, true);
}

void ClientDesk::list_shares(const Conversation& to) {
  wire::ClientReply answer;
  put_shares(state(), machine_.policies(), answer.mutable_shares());
  reply(to, std::move(answer), true, true);
}

void ClientDesk::list_licenses(const Conversation& to) {
  wire::ClientReply answer;
  put_licenses(state(), answer.mutable_licenses());
  reply(to, std::move(answer), true, true);
}

void ClientDesk::status(const Conversation& to) {
  wire::ClientReply answer;
  wire::StatusReply* out = answer.mutable_status();
  out->set_cluster(state().record.settings.cluster);
  out->set_version(COX_VERSION);
  out->set_pid(about_.pid);
  out->set_epoch(state().record.epoch.value);
  out->set_started_us(machine_.contact().started.us);
  out->set_now_us(machine_.now().us);
  out->set_jobs_pending(state().index.pending);
  out->set_jobs_running(state().index.live);
  out->set_nodes(state().record.nodes.size());
  std::uint64_t usable = 0;
  for (const core::Node& node : state().record.nodes) {
    const bool heard =
        machine_.contact().is_heard(node.id, machine_.now(), state().record.settings.silent_after);
    if (heard && state().index.usable.test(node.id.value)) ++usable;
  }
  out->set_nodes_usable(usable);
  out->set_facts(machine_.last_sequence());
  out->set_syncs(syncs_);
  out->set_state_dir(about_.state_dir);
  out->set_auth(about_.auth);
  out->set_jobs_quarantined(state().record.quarantined.size());
  for (const core::LostRecord& lost : state().record.lost) out->add_records_lost(lost.why);
  out->set_storage_full(storage_full_);
  out->set_connections(clients_.size());
  put_tally(machine_.tally(), about_.measured, out);
  reply(to, std::move(answer), true, true);
}

void ClientDesk::shut_down(const Conversation& to,
                           const Caller& caller,
                           const wire::Shutdown& request) {
  if (caller.role != Role::administrator) {
    return refuse(to, {Code::not_permitted, caller_text(caller) + " may not stop the controller"});
  }
  const std::string left = in_the_way(state(), request.keep_queue());
  if (!left.empty() && !request.force()) return refuse(to, {Code::refused, left});
  log_.info(caller_text(caller) + " asked for an end");
  shutdown_ = Shutdown{to, machine_.now() + shutdown_patience, request.keep_queue()};
  end_jobs(caller);
  finish_shutdown();
}

/// All of them; where the queue is kept, what runs goes back to it if it may.
void ClientDesk::end_jobs(const Caller& caller) {
  const auto unended = state().index.unended;
  for (const JobId id : unended) {
    const core::Job& job = *state().find_job(id);
    if (shutdown_->keeps_queue && stays_in_queue(job)) continue;
    const bool may_wait = shutdown_->keeps_queue && job.phase != JobPhase::pending;
    if (may_wait && machine_.ask(core::RequeueJob{caller, id})) continue;
    machine_.ask(core::CancelJob{caller, id});
  }
}

void ClientDesk::tick() {
  if (shutdown_) finish_shutdown();
  tell_reasons();
  questions_.tick(machine_.now());
  if (!storage_full_) end_allocations_alone();
}

std::size_t ClientDesk::left_to_end() const {
  return shutdown_->keeps_queue ? count_unkept(state()) : state().index.unended.size();
}

void ClientDesk::finish_shutdown() {
  const bool is_late = machine_.now() >= shutdown_->deadline;
  if (exiting_ || (left_to_end() != 0 && !is_late)) return;
  exiting_ = true;
  wire::ClientReply answer;
  answer.mutable_done()->set_count(state().index.unended.size());
  reply(shutdown_->conversation, std::move(answer), true, false);
}

}  // namespace cox::ctld
