// Who has used what, who holds which licenses, and what the controller counted, as people see it.
#include <array>
#include <string_view>

#include "core/fairshare/share_lines.h"
#include "core/job/array.h"
#include "core/policy/priority.h"
#include "core/schedule/licenses.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {

namespace {

struct RequestName {
  wire::ClientRequest::BodyCase body;
  std::string_view name;
};

using wire::ClientRequest;

constexpr std::array request_names = {
    RequestName{ClientRequest::kSubmit, "SUBMIT"},
    RequestName{ClientRequest::kJobAction, "JOB_ACTION"},
    RequestName{ClientRequest::kListJobs, "LIST_JOBS"},
    RequestName{ClientRequest::kListNodes, "LIST_NODES"},
    RequestName{ClientRequest::kWaitJobs, "WAIT_JOBS"},
    RequestName{ClientRequest::kExplainJob, "EXPLAIN_JOB"},
    RequestName{ClientRequest::kCreateStep, "CREATE_STEP"},
    RequestName{ClientRequest::kNodeAction, "NODE_ACTION"},
    RequestName{ClientRequest::kStatus, "STATUS"},
    RequestName{ClientRequest::kShutdown, "SHUTDOWN"},
    RequestName{ClientRequest::kListPartitions, "LIST_PARTITIONS"},
    RequestName{ClientRequest::kSubmitMany, "SUBMIT_MANY"},
    RequestName{ClientRequest::kHistoryQuery, "HISTORY_QUERY"},
    RequestName{ClientRequest::kConfigAction, "CONFIG_ACTION"},
    RequestName{ClientRequest::kPartitionAction, "PARTITION_ACTION"},
    RequestName{ClientRequest::kJoin, "JOIN"},
    RequestName{ClientRequest::kListProcesses, "LIST_PROCESSES"},
    RequestName{ClientRequest::kSnapshot, "SNAPSHOT"},
    RequestName{ClientRequest::kAttachStep, "ATTACH_STEP"},
    RequestName{ClientRequest::kListShares, "LIST_SHARES"},
    RequestName{ClientRequest::kListLicenses, "LIST_LICENSES"},
};

void put_spent(const Spent& spent, wire::Spent* to) {
  to->set_count(spent.count);
  to->set_us(spent.all.us);
  to->set_last_us(spent.last.us);
  to->set_longest_us(spent.longest.us);
}

}  // namespace

void put_shares(const core::State& state, core::Policies policies, wire::ShareList* to) {
  to->set_counts(policies.priority->has_shares());
  for (const core::ShareLine& one : core::share_lines(state)) {
    if (one.depth == 0) to->set_usage(core::core_seconds(one.usage));
    wire::ShareView* view = to->add_shares();
    view->set_account(one.account);
    view->set_user(one.user);
    view->set_depth(one.depth);
    view->set_shares(one.shares);
    view->set_shares_beside(one.shares_beside);
    view->set_usage(core::core_seconds(one.usage));
    view->set_usage_beside(core::core_seconds(one.usage_beside));
    if (!one.rank) continue;
    view->set_above(one.rank->above);
    view->set_of(one.rank->of);
  }
}

void put_licenses(const core::State& state, wire::LicenseList* to) {
  for (const LicenseSettings& one : state.record.settings.licenses) {
    wire::LicenseView* view = to->add_licenses();
    view->set_name(one.name);
    view->set_total(one.total);
    std::uint64_t used = 0;
    for (const auto& [job, count] : core::license_holders(state, one.name)) {
      view->add_jobs(job.value);
      view->add_counts(count);
      view->add_names(core::job_name(*state.find_job(job)));
      used += count;
    }
    view->set_used(used);
  }
}

void put_tally(const JobTally& jobs, const Measured* measured, wire::StatusReply* to) {
  to->set_jobs_submitted(jobs.submitted);
  to->set_jobs_started(jobs.started);
  to->set_jobs_completed(jobs.completed);
  to->set_jobs_cancelled(jobs.cancelled);
  to->set_jobs_failed(jobs.failed);
  if (measured == nullptr) return;
  put_spent(measured->planning, to->mutable_planning());
  for (const RequestName& known : request_names) {
    const auto found = measured->requests.find(known.body);
    if (found == measured->requests.end()) continue;
    wire::RequestCount* count = to->add_requests();
    count->set_name(known.name.data(), known.name.size());
    count->set_number(static_cast<std::uint32_t>(known.body));
    put_spent(found->second, count->mutable_spent());
  }
}

}  // namespace cox::ctld
