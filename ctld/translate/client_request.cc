// Checks of submits, steps and actions.
#include "ctld/translate/client_request.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "common/text.h"
#include "ctld/past_jobs.h"
#include "ctld/translate/job_changes.h"
#include "ctld/translate/text_checks.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

Blob make_blob(std::string bytes) {
  const Hash hash = wire::hash_bytes(bytes);
  return {hash, std::make_shared<const std::string>(std::move(bytes))};
}

Result<void> check_directory(const std::string& directory) {
  if (directory.empty() || directory.front() != '/') {
    return bad_usage("directory " + quoted(directory) + " is not an absolute path");
  }
  return {};
}

Result<void> check_reason(const std::string& why) {
  if (why.size() > wire::text_bytes_max) return bad_usage("the reason is too long");
  if (why.find('\0') != std::string::npos) return bad_usage("the reason holds a NUL byte");
  return {};
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is the whole
}

/// What a job is called when its user gave no name.
std::string default_name(const JobRequest& request, bool has_script) {
  const std::vector<std::string>& argv =
      request.common->has_initial_step ? request.common->initial_step.argv : request.argv;
  if (has_script || argv.empty()) return "job";
  const std::string_view name = base_name(argv.front()).substr(0, job_name_bytes_max);
  return quoted(name, name.size()).substr(0, job_name_bytes_max);
}

Result<void> check_shape(const JobRequest& request, bool has_script) {
  if (request.common->kind == JobKind::batch) {
    if (!has_script && request.argv.empty())
      return bad_usage("a batch job needs a script or a command");
    if (request.common->has_initial_step) return bad_usage("a batch job has no initial step");
    return {};
  }
  if (has_script) return bad_usage("an interactive job has no script");
  if (request.common->has_initial_step && request.common->initial_step.argv.empty()) {
    return bad_usage("a step needs a command");
  }
  return {};
}

/// Puts content and hashes together; what the client said about hashes does not count.
Result<void> take_content(const wire::Submit& submit,
                          JobRequest* request,
                          std::vector<Blob>* blobs) {
  JobCommon& common = request->common.edit();
  request->script = Hash{};
  if (!submit.script().empty()) {
    if (auto checked = check_script(submit.script()); !checked) return checked;
    blobs->push_back(make_blob(submit.script()));
    request->script = blobs->back().hash;
  }
  auto environment = pack_environment(submit.environment());
  if (!environment) return tl::unexpected(environment.error());
  blobs->push_back(make_blob(std::move(*environment)));
  request->environment = blobs->back().hash;
  common.initial_step.environment = common.has_initial_step ? request->environment : Hash{};
  return {};
}

std::string_view variable_name(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

/// The base's environment with the variant's variables in their places, new ones behind.
google::protobuf::RepeatedPtrField<std::string> varied(
    const google::protobuf::RepeatedPtrField<std::string>& base,
    const google::protobuf::RepeatedPtrField<std::string>& changes) {
  std::map<std::string_view, const std::string*> left;
  for (const std::string& change : changes) left[variable_name(change)] = &change;
  google::protobuf::RepeatedPtrField<std::string> entries;
  entries.Reserve(base.size() + changes.size());
  for (const std::string& entry : base) {
    const auto change = left.find(variable_name(entry));
    *entries.Add() = change == left.end() ? entry : *change->second;
    if (change != left.end()) left.erase(change);
  }
  for (const auto& [name, change] : left) *entries.Add() = *change;
  return entries;
}

void set_environment(JobRequest* request, const Hash& hash) {
  request->environment = hash;
  if (request->common->has_initial_step) request->common.edit().initial_step.environment = hash;
}

/// Steps are those of the job that an element has become.
Result<core::Request> cancel_of_step(const core::State& state,
                                     const wire::JobAction& action,
                                     const Caller& caller,
                                     JobId job,
                                     const ArraySpec& elements) {
  if (elements.empty()) return core::CancelStep{caller, job, StepId(action.step())};
  if (elements.count() != 1) return bad_usage("a step of several elements");
  const core::ArrayMembers* members = state.find_members(job);
  const auto found = members == nullptr ? std::map<std::uint32_t, JobId>::const_iterator{}
                                        : members->elements.find(elements.first());
  if (members == nullptr || found == members->elements.end()) {
    return fail(Code::not_found, "job " + elements_text(job.value, elements) + " has no steps");
  }
  return core::CancelStep{caller, found->second, StepId(action.step())};
}

Result<core::Request> signal_of(const wire::JobAction& action,
                                const Caller& caller,
                                JobId job,
                                const ArraySpec& elements) {
  constexpr std::int32_t signal_max = 64;
  if (action.signal() < 1 || action.signal() > signal_max) {
    return bad_usage("signal " + std::to_string(action.signal()) + " is not between 1 and 64");
  }
  if (action.scope() > static_cast<std::uint32_t>(core::SignalScope::all)) {
    return bad_usage("scope " + std::to_string(action.scope()) + " of a signal is not known");
  }
  core::SignalJob ask{caller, job, action.signal()};
  ask.scope = static_cast<core::SignalScope>(action.scope());
  if (action.has_step()) ask.step = StepId(action.step());
  ask.key = ClientKey{{action.key_high(), action.key_low()}};
  ask.elements = elements;
  return ask;
}

Result<core::Request> update_of(const wire::JobAction& action,
                                const Caller& caller,
                                JobId job,
                                const ArraySpec& elements,
                                const std::vector<PastJob>& past) {
  auto changes = take_changes(action.changes());
  if (!changes) return tl::unexpected(changes.error());
  if (changes->dependency) changes->past = past_of(*changes->dependency, past);
  return core::UpdateJob{caller, job, std::move(*changes), elements};
}

}  // namespace

Result<Uid> submit_user(const wire::Submit& submit, const Caller& caller) {
  const Uid named = submit.request().user().uid();
  // An identity that was left out reads as 0.
  if (named == 0 || named == caller.uid) return caller.uid;
  if (caller.role == Role::administrator) return named;
  return fail(Code::not_permitted, "uid " + std::to_string(caller.uid) + " may not submit as uid " +
                                       std::to_string(named));
}

Result<WithContent<core::SubmitJob>> translate_submit(const wire::Submit& submit,
                                                      const Caller& caller,
                                                      const UserIdentity& user,
                                                      const std::vector<PastJob>& past) {
  auto request = wire::take(submit.request());
  if (!request) return tl::unexpected(request.error());
  if (!request->terms.is_blank()) {
    // What the client says of the past does not count.
    const Dependency& dependency = request->terms->dependency;
    request->terms.edit().past = past_of(dependency, past);
    if (*request->terms == JobTerms{}) request->terms = {};
  }
  const bool has_script = !submit.script().empty();
  if (auto shaped = check_shape(*request, has_script); !shaped) {
    return tl::unexpected(shaped.error());
  }
  JobCommon& common = request->common.edit();
  if (common.directory.empty()) common.directory = user.home;
  if (auto checked = check_directory(common.directory); !checked) {
    return tl::unexpected(checked.error());
  }
  WithContent<core::SubmitJob> made;
  if (auto taken = take_content(submit, &*request, &made.blobs); !taken) {
    return tl::unexpected(taken.error());
  }
  common.user = user;
  if (request->name.empty()) request->name = default_name(*request, has_script);
  for (const std::string& name : {request->name, common.initial_step.name}) {
    if (auto checked = check_name(name, "--job-name"); !checked)
      return tl::unexpected(checked.error());
  }
  if (auto checked = check_words(common); !checked) return tl::unexpected(checked.error());
  if (common.has_initial_step && common.initial_step.directory.empty()) {
    common.initial_step.directory = common.directory;
  }
  made.request.caller = caller;
  made.request.key = ClientKey{{submit.key_high(), submit.key_low()}};
  made.request.request = std::move(*request);
  return made;
}

Result<WithContent<core::SubmitJob>> translate_variant(const WithContent<core::SubmitJob>& base,
                                                       const wire::Submit& base_message,
                                                       const wire::SubmitVariant& variant) {
  auto request = wire::take(variant.job(), base.request.request);
  if (!request) return tl::unexpected(request.error());
  if (auto checked = check_name(request->name, "--job-name"); !checked)
    return tl::unexpected(checked.error());
  WithContent<core::SubmitJob> made{{base.request.caller, {}, {}}, base.blobs};
  if (!variant.script().empty()) {
    if (request->script.empty()) return bad_usage("a script for a job that has none");
    if (auto checked = check_script(variant.script()); !checked) {
      return tl::unexpected(checked.error());
    }
    made.blobs.push_back(make_blob(variant.script()));
    request->script = made.blobs.back().hash;
  }
  if (variant.environment_size() != 0) {
    auto packed = pack_environment(varied(base_message.environment(), variant.environment()));
    if (!packed) return tl::unexpected(packed.error());
    made.blobs.push_back(make_blob(std::move(*packed)));
    set_environment(&*request, made.blobs.back().hash);
  }
  made.request.key = ClientKey{{variant.key_high(), variant.key_low()}};
  made.request.request = std::move(*request);
  return made;
}

Result<WithContent<core::CreateStep>> translate_create_step(const wire::CreateStep& create,
                                                            const Caller& caller) {
  auto request = wire::take(create.request());
  if (!request) return tl::unexpected(request.error());
  if (request->argv.empty()) return bad_usage("a step needs a command");
  if (auto checked = check_name(request->name, "--job-name"); !checked)
    return tl::unexpected(checked.error());
  if (!request->directory.empty()) {
    if (auto checked = check_directory(request->directory); !checked) {
      return tl::unexpected(checked.error());
    }
  }
  auto environment = pack_environment(create.environment());
  if (!environment) return tl::unexpected(environment.error());
  WithContent<core::CreateStep> made;
  made.blobs.push_back(make_blob(std::move(*environment)));
  request->environment = made.blobs.back().hash;
  made.request = {caller, JobId(create.job()), std::move(*request),
                  ClientKey{{create.key_high(), create.key_low()}}, create.immediate()};
  return made;
}

Result<core::Request> translate_action(const core::State& state,
                                       const wire::JobAction& action,
                                       const Caller& caller,
                                       JobId job,
                                       const ArraySpec& elements,
                                       const std::vector<PastJob>& past) {
  switch (action.kind()) {
    case wire::JobAction::CANCEL:
      if (action.has_step()) return cancel_of_step(state, action, caller, job, elements);
      return core::CancelJob{caller, job, elements};
    case wire::JobAction::FINISH:
      if (!elements.empty()) return bad_usage("elements of an array are no allocation");
      return core::FinishJob{caller, job};
    case wire::JobAction::HOLD:
      return core::HoldJob{caller, job, elements};
    case wire::JobAction::RELEASE:
      return core::ReleaseJob{caller, job, elements};
    case wire::JobAction::SUSPEND:
      return core::SuspendJob{caller, job, elements};
    case wire::JobAction::RESUME:
      return core::ResumeJob{caller, job, elements};
    case wire::JobAction::REQUEUE:
      return core::RequeueJob{caller, job, elements, action.hold()};
    case wire::JobAction::SIGNAL:
      return signal_of(action, caller, job, elements);
    case wire::JobAction::UPDATE:
      return update_of(action, caller, job, elements, past);
    default:
      break;
  }
  return bad_usage("job action " + std::to_string(action.kind()) + " is not known");
}

Result<std::vector<Blob>> environment_of(const wire::JobAction& action) {
  std::vector<Blob> contents;
  if (!action.changes().environment()) return contents;
  auto packed = pack_environment(action.changes().variables());
  if (!packed) return tl::unexpected(packed.error());
  contents.push_back(make_blob(std::move(*packed)));
  return contents;
}

Result<core::Request> translate_node_action(const wire::NodeAction& action,
                                            const Caller& caller,
                                            const std::string& who,
                                            const std::string& node) {
  if (auto checked = check_reason(action.why()); !checked) return tl::unexpected(checked.error());
  switch (action.kind()) {
    case wire::NodeAction::DRAIN:
      return core::SetNodeAside{caller, node, false, action.why(), who};
    case wire::NodeAction::DOWN:
      return core::SetNodeAside{caller, node, true, action.why(), who};
    case wire::NodeAction::RESUME:
      return core::ResumeNode{caller, node, action.why(), who};
    case wire::NodeAction::REBOOT:
      return core::RebootNode{caller, node, action.asap(), action.why(), who};
    default:
      break;
  }
  return bad_usage("node action " + std::to_string(action.kind()) + " is not known");
}

Result<core::Request> translate_partition_action(const wire::PartitionAction& action,
                                                 const Caller& caller,
                                                 const std::string& who,
                                                 const std::string& partition) {
  if (auto checked = check_reason(action.why()); !checked) return tl::unexpected(checked.error());
  switch (action.kind()) {
    case wire::PartitionAction::DOWN:
      return core::TakePartitionDown{caller, partition, action.why(), who};
    case wire::PartitionAction::UP:
      return core::BringPartitionUp{caller, partition, action.why(), who};
    default:
      break;
  }
  return bad_usage("partition action " + std::to_string(action.kind()) + " is not known");
}

Result<void> check_script(std::string_view script) {
  if (script.size() > wire::script_bytes_max) {
    return bad_usage("script of " + std::to_string(script.size()) + " bytes is over the limit of " +
                     std::to_string(wire::script_bytes_max));
  }
  if (!script.starts_with("#!")) {
    return bad_usage("the script's first line " + quoted(script.substr(0, script.find('\n')), 40) +
                     " does not begin with #! and an interpreter");
  }
  if (script.find('\0') != std::string_view::npos) return bad_usage("the script holds a NUL byte");
  if (const auto dos = script.find("\r\n"); dos != std::string_view::npos) {
    const auto line = std::ranges::count(script.substr(0, dos), '\n') + 1;
    return bad_usage("line " + std::to_string(line) +
                     " of the script has a DOS line end (see: dos2unix)");
  }
  return {};
}

Result<std::string> pack_environment(
    const google::protobuf::RepeatedPtrField<std::string>& entries) {
  std::string packed;
  for (const std::string& entry : entries) {
    const auto equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return bad_usage("environment entry " + quoted(entry, 40) + " is not NAME=VALUE");
    }
    if (entry.find('\0') != std::string::npos) {
      return bad_usage("environment variable " + quoted(entry.substr(0, equals), 40) +
                       " holds a NUL byte");
    }
    packed.append(entry);
    packed.push_back('\0');
    if (packed.size() > wire::environment_bytes_max) {
      return bad_usage("the environment is over the limit of " +
                       std::to_string(wire::environment_bytes_max) + " bytes");
    }
  }
  return packed;
}

}  // namespace cox::ctld
