// What clients send, made into checked requests of the core. The one place where their input stops
// being hostile: sizes, names, scripts, environments, and who may ask for whom.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "core/request.h"
#include "core/state.h"
#include "ctld/store/store.h"
#include "model/user.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// What the name of a file may have, which a job's name becomes a part of.
inline constexpr std::size_t job_name_bytes_max = 255;

/// A request with the content that its hashes stand for.
template <class Request>
struct WithContent {
  Request request;
  std::vector<Blob> blobs;
};

/// As whom a job of `submit` is to run: the caller, or for administrators anyone they name.
/// error: not_permitted
Result<Uid> submit_user(const wire::Submit& submit, const Caller& caller);

/// `user`: the identity of submit_user(), resolved. `past`: what history said of jobs that the
/// dependency names.
Result<WithContent<core::SubmitJob>> translate_submit(const wire::Submit& submit,
                                                      const Caller& caller,
                                                      const UserIdentity& user,
                                                      const std::vector<PastJob>& past = {});

/// One of many: `base`, translated already from `base_message`, with what the variant sets.
Result<WithContent<core::SubmitJob>> translate_variant(const WithContent<core::SubmitJob>& base,
                                                       const wire::Submit& base_message,
                                                       const wire::SubmitVariant& variant);

Result<WithContent<core::CreateStep>> translate_create_step(const wire::CreateStep& create,
                                                            const Caller& caller);

/// One job of a JobAction, or some elements of an array. error: bad_usage for an action that is not
/// known; not_found for a step of an element that has no job
Result<core::Request> translate_action(const core::State& state,
                                       const wire::JobAction& action,
                                       const Caller& caller,
                                       JobId job,
                                       const ArraySpec& elements = {},
                                       const std::vector<PastJob>& past = {});
/// The environment that an update gives to jobs, for all of them; none where it gives none.
/// error: bad_usage
Result<std::vector<Blob>> environment_of(const wire::JobAction& action);

/// One node of a NodeAction. `who`: the caller's name.
Result<core::Request> translate_node_action(const wire::NodeAction& action,
                                            const Caller& caller,
                                            const std::string& who,
                                            const std::string& node);

/// One partition of a PartitionAction.
Result<core::Request> translate_partition_action(const wire::PartitionAction& action,
                                                 const Caller& caller,
                                                 const std::string& who,
                                                 const std::string& partition);

/// A script is text that names its interpreter. error: bad_usage with the line at fault
Result<void> check_script(std::string_view script);

/// NUL-separated, as the store keeps it. error: bad_usage names the entry at fault
Result<std::string> pack_environment(
    const google::protobuf::RepeatedPtrField<std::string>& entries);

}  // namespace cox::ctld
