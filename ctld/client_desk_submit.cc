// Submits: one, many, and those that only ask what would become of the job.
#include <algorithm>
#include <string>
#include <utility>

#include "core/core.h"
#include "ctld/client_desk.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

constexpr int submits_max = 10'000;  // in one SubmitMany

/// An id, or 0 and what was wrong with that place of the request.
void add_outcome(const Result<JobId>& job, wire::SubmittedMany* to) {
  to->add_jobs(job ? job->value : 0);
  if (job) return;
  wire::ActionError* error = to->add_errors();
  error->set_name(std::to_string(to->jobs_size() - 1));
  wire::put(job.error(), error->mutable_error());
}

}  // namespace

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

}  // namespace cox::ctld
