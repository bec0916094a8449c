// The controller's side of its clients: requests in, replies out, and who waits for what.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ctld/config_desk.h"
#include "ctld/history_desk.h"
#include "ctld/listing.h"
#include "ctld/log.h"
#include "ctld/machine.h"
#include "ctld/named_elements.h"
#include "ctld/node_desk.h"
#include "ctld/node_questions.h"
#include "ctld/output_queue.h"
#include "ctld/outside.h"
#include "ctld/past_jobs.h"
#include "ctld/queue_watches.h"
#include "ctld/snapshot.h"
#include "ctld/tally.h"
#include "ctld/translate/client_request.h"
#include "ctld/user_cache.h"
#include "ctld/watches.h"
#include "model/selector.h"
#include "model/user.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// What Status tells beside the counts.
struct About {
  std::string state_dir;
  std::string auth;
  std::uint64_t pid = 0;
  /// Where an ordinary user keeps a cluster to himself no node can run as anybody else.
  std::optional<Uid> only_user{};
  const Measured* measured = nullptr;  // null: nothing is
};

/// Above, a client that does not read keeps its list waiting, not the controller's memory.
constexpr std::size_t queued_bytes_max = 8U << 20;

/// Past jobs that one request may name.
constexpr std::size_t past_jobs_max = 10'000;

class ClientDesk {
 public:
  ClientDesk(Machine& machine,
             OutputQueue& outputs,
             ClientLinks& links,
             Users& users,
             HistoryDesk& history,
             ConfigDesk& configs,
             NodeDesk& nodes,
             const std::string& cluster_key,
             const Log& log,
             About about);

  void opened(ClientId client, const Caller& caller);
  /// Of this one nothing but Join is answered.
  void joiner_opened(ClientId client, const std::string& token);
  /// Cancels interactive jobs of the client that have not begun to run.
  void closed(ClientId client);
  void said(ClientId client, const wire::ClientRequest& request);

  /// Tells those who watch the jobs that this turn changed.
  void notify(const Changes& changes);
  /// Sends the next slice of a list. False when no list can go on now.
  bool continue_lists();

  bool has_lists() const {
    return !listings_.empty() || !snapshots_.empty() || has_told_too_little();
  }

  /// Time passed: a forced shutdown waits only so long.
  void tick();

  void set_storage_full(bool full) { storage_full_ = full; }

  void count_sync() { ++syncs_; }

  void node_told(NodeId node, const wire::Processes& processes) {
    questions_.answered(node, processes);
  }

  void node_lost(NodeId node) { questions_.lost(node); }

  /// A shutdown is under way: nothing new may begin.
  bool is_stopping() const { return shutdown_.has_value(); }

  /// A shutdown was asked for and nothing is left to wait for.
  bool wants_exit() const { return exiting_; }

  static bool is_change(const wire::ClientRequest& request);

 private:
  struct Shutdown {
    Conversation conversation;
    Instant deadline;
    bool keeps_queue = false;
  };

  // Changes.
  void submit(const Conversation& to, const Caller& caller, const wire::Submit& submit);
  void submit_many(const Conversation& to, const Caller& caller, const wire::SubmitMany& many);
  Result<Uid> user_of(const wire::Submit& submit, const Caller& caller) const;
  void submit_all(const Conversation& to,
                  const Caller& caller,
                  const wire::SubmitMany& many,
                  const UserIdentity& user);
  void submit_all_knowing(const Conversation& to,
                          const Caller& caller,
                          const wire::SubmitMany& many,
                          const UserIdentity& user,
                          const std::vector<PastJob>& past);
  void submit_variants(const Caller& caller,
                       const wire::SubmitMany& many,
                       const UserIdentity& user,
                       const std::vector<PastJob>& past,
                       wire::SubmittedMany* answer);
  Result<JobId> submit_as(const Caller& caller,
                          const wire::Submit& submit,
                          const UserIdentity& user,
                          const std::vector<PastJob>& past);
  Result<JobId> submit_made(Result<WithContent<core::SubmitJob>> made, bool dry_run);
  void submit_known(const Conversation& to,
                    const Caller& caller,
                    const wire::Submit& submit,
                    const UserIdentity& user);
  void submit_knowing(const Conversation& to,
                      const Caller& caller,
                      const wire::Submit& submit,
                      const UserIdentity& user,
                      const std::vector<PastJob>& past);
  /// Answers a dry run: what would become of the job.
  void foretell(const Conversation& to, const Result<WithContent<core::SubmitJob>>& made);
  void finish_submit(const Conversation& to, const wire::Submit& submit, const Result<JobId>& job);
  void answer(const Conversation& to, const Caller& caller, const wire::ClientRequest& request);
  void act_on_jobs(const Conversation& to, const Caller& caller, const wire::JobAction& action);
  void act_on_jobs_knowing(const Conversation& to,
                           const Caller& caller,
                           const wire::JobAction& action,
                           const std::vector<JobId>& jobs,
                           const std::vector<PastJob>& past);
  void note_action(const Caller& caller,
                   const wire::JobAction& action,
                   const std::vector<JobId>& jobs,
                   const std::vector<std::pair<JobId, ArraySpec>>& elements,
                   const wire::Done& done) const;
  Result<void> act_on_job(const Caller& caller,
                          const wire::JobAction& action,
                          JobId job,
                          const ArraySpec& elements,
                          const std::vector<PastJob>& past,
                          const std::vector<Blob>& contents);
  /// Those named, or of one user, that have the labels asked for. error: bad_usage
  Result<std::vector<JobId>> jobs_meant(const Caller& caller, const wire::JobAction& action) const;
  std::string still_away(const std::vector<std::string>& names) const;
  void act_on_nodes(const Conversation& to, const Caller& caller, const wire::NodeAction& action);
  void act_on_partitions(const Conversation& to,
                         const Caller& caller,
                         const wire::PartitionAction& action);
  void act_on_config(const Conversation& to,
                     const Caller& caller,
                     const wire::ConfigAction& action);
  /// `then` gets the caller with a name, now or in a later turn.
  void with_name(const Caller& caller, const std::function<void(const Caller&)>& then);
  void create_step(const Conversation& to, const Caller& caller, const wire::CreateStep& create);
  void admit(const Conversation& to, const std::string& token, const wire::Join& join);
  void shut_down(const Conversation& to, const Caller& caller, const wire::Shutdown& request);
  void end_jobs(const Caller& caller);
  std::size_t left_to_end() const;
  void finish_shutdown();

  // Reads.
  void list_jobs(const Conversation& to, const wire::ListJobs& request);
  /// Why no other list can be begun for this client now.
  Result<void> check_lists(ClientId client, bool is_named);
  /// The next part of a list. True when it was the last.
  bool send_slice(Listing& listing);
  void list_nodes(const Conversation& to, const wire::ListNodes& request);
  void list_partitions(const Conversation& to);
  void take_snapshot(const Conversation& to);
  bool continue_snapshots();
  void list_shares(const Conversation& to);
  void list_licenses(const Conversation& to);
  void explain(const Conversation& to, const wire::ExplainJob& request);
  /// How `job` stands against the job that is named too.
  Result<void> add_contrast(const core::Job& job,
                            std::optional<std::uint32_t> index,
                            const wire::ExplainJob& request,
                            wire::Explanation* to);
  void status(const Conversation& to);
  void wait(const Conversation& to, const wire::WaitJobs& request);

  // Reads of what may have left memory.
  enum class Expand : std::uint8_t { no, unended, all };

  struct Names {
    std::vector<JobId> jobs;
    std::vector<NamedElements> elements;
  };

  struct PastJobs {
    std::map<JobId, wire::JobView> jobs;
    std::vector<wire::JobView> elements;  // that were cancelled before they were jobs
    std::map<JobId, Labels> labels;
  };

  void history(const Conversation& to, const wire::HistoryQuery& query);
  /// Adds the names of people who ended jobs, and sends the answer.
  void name_enders(const std::shared_ptr<wire::ClientReply>& answer, const Conversation& to);
  /// Those of `jobs` that State does not know, as history knows them. `then` gets none where all
  /// are in State; it is not called when history cannot be read: that is answered here.
  void find_past(const Conversation& to,
                 const Names& names,
                 bool full,
                 const std::function<void(const PastJobs&)>& then);
  /// What a request names: jobs, and elements of arrays; with an array perhaps its elements.
  Result<Names> find_names(const google::protobuf::RepeatedField<std::uint64_t>& jobs,
                           const google::protobuf::RepeatedPtrField<wire::ElementsOf>& elements,
                           Expand expand) const;
  /// Past jobs that the request's dependency names, now or in a later turn; a refusal is answered
  /// here.
  void with_past(const Conversation& to,
                 const wire::Submit& submit,
                 const std::function<void(const std::vector<PastJob>&)>& then);
  void with_past(const Conversation& to,
                 const wire::SubmitMany& many,
                 const std::function<void(const std::vector<PastJob>&)>& then);
  void with_past(const Conversation& to,
                 const wire::JobAction& action,
                 const std::vector<JobId>& jobs,
                 const std::function<void(const std::vector<PastJob>&)>& then);
  void find_past_jobs(const Conversation& to,
                      const std::vector<AskedDependency>& asked,
                      const std::vector<PastJob>& past,
                      const std::function<void(const std::vector<PastJob>&)>& then);
  /// Answers what came of an action on jobs: one that left memory has ended, as the history knows.
  void reply_knowing_past(const Conversation& to, wire::ClientReply answer);
  /// Refuses with `error`, or because the job left memory, as the history knows.
  void refuse_knowing_past(const Conversation& to, JobId job, const Error& error);
  std::vector<JobId> not_in_state(const std::vector<JobId>& jobs) const;
  void explain_past(const Conversation& to, const wire::ExplainJob& request);
  void wait_knowing(const Conversation& to, const Names& names, const PastJobs& past);

  // Watches.
  void attach(const Conversation& to, JobId job);
  void tell(JobId job, bool changed);
  void tell(const core::Job& job, Watch& watch, bool changed);
  void tell_step(const core::Job& job, Watch& watch);
  void tell_taken(const core::Job& job, const core::Step& step, Watch& watch);
  void leave_steps(ClientId client);

  // Allocations that end with their commands: client_desk_allocations.cc.
  bool is_attended(JobId id);
  void left_alone(JobId id);
  void end_allocations_alone();
  // What runs: client_desk_processes.cc.
  Result<const core::Job*> running_job(const Caller& caller,
                                       std::uint64_t job,
                                       const wire::ElementsOf& element) const;
  void list_processes(const Conversation& to,
                      const Caller& caller,
                      const wire::ListProcesses& request);
  void attach_step(const Conversation& to, const Caller& caller, const wire::AttachStep& request);

  void tell_elements(const core::Job& array, Watch& watch);
  bool waits_untold(const core::Job& job) const;
  /// Tells attached clients why their jobs wait, when the reason is another than they know.
  void tell_reasons();
  bool tell_ready(const StepKey& step, const Conversation& to, bool last = false);
  void send_event(const core::Job& job, const Conversation& to, bool last);

  // Watched lists: client_desk_queue.cc.
  bool watch_list(const Conversation& to, const wire::ListJobs& request, const Selector& selector);
  bool continue_watched(const Conversation& to, bool last, wire::ClientReply* answer);
  void note_watched(const Changes& changes);
  bool tell_watched();
  bool can_be_told(const QueueWatch& watch) const;
  bool has_told_too_little() const;

  void reply(const Conversation& to, wire::ClientReply&& reply, bool last, bool is_read);
  void refuse(const Conversation& to, const Error& error, Duration retry_after = {});

  const core::State& state() const { return machine_.state(); }

  Machine& machine_;
  OutputQueue& outputs_;
  ClientLinks& links_;
  UserCache users_;
  HistoryDesk& history_;
  ConfigDesk& configs_;
  NodeDesk& nodes_;
  const std::string& cluster_key_;
  const Log& log_;
  About about_;
  std::map<ClientId, Caller> clients_;
  std::map<ClientId, std::string> joiners_;  // with what of their tokens is no secret
  Watches watches_;
  QueueWatches queue_watches_;
  NodeQuestions questions_;
  std::deque<Listing> listings_;
  std::deque<Snapshot> snapshots_;
  bool is_turn_of_snapshots_ = false;
  std::optional<Shutdown> shutdown_;
  Instant reasons_told_;
  std::map<JobId, int> alone_;  // allocations without their command, for so many ticks
  bool has_looked_for_alone_ = false;
  bool storage_full_ = false;
  bool exiting_ = false;
  std::uint64_t syncs_ = 0;
};

}  // namespace cox::ctld
