// Requests of clients: whatever is accepted is the caller's own, bounded, and can be journaled.
#include "common/node_list.h"
#include "ctld/named_elements.h"
#include "ctld/translate/client_request.h"
#include "ctld/translate/frame_check.h"
#include "testsuite/fuzz/fuzz.h"
#include "wire/model_codec.h"

using namespace cox;
using fuzz::require;

namespace {

const Caller caller{1000, 1000, Role::user};

UserIdentity ada() {
  UserIdentity user;
  user.uid = 1000;
  user.gid = 1000;
  user.name = "ada";
  user.home = "/home/ada";
  return user;
}

void check_request(const JobRequest& request) {
  require(request.common->user == ada(), "a job of somebody else");
  require(!request.common->directory.empty() && request.common->directory.front() == '/',
          "no directory");
  require(request.argv.size() <= wire::argv_max, "too many arguments");
  wire::JobRequest message;
  wire::put(request, &message);
  const auto again = wire::take(message);
  require(again && *again == request, "a request changes on its way");
}

void check_blobs(const std::vector<ctld::Blob>& blobs) {
  for (const ctld::Blob& blob : blobs) {
    require(blob.bytes->size() <= wire::environment_bytes_max + wire::script_bytes_max,
            "content over the limit");
    require(wire::hash_bytes(*blob.bytes) == blob.hash, "a hash of something else");
  }
}

void check_submit(const wire::Submit& submit) {
  const auto uid = ctld::submit_user(submit, caller);
  if (!uid) return fuzz::require_readable(uid.error());
  require(*uid == caller.uid, "a user submits as another");
  const auto made = ctld::translate_submit(submit, caller, ada());
  if (!made) return fuzz::require_readable(made.error());
  require(made->request.caller.uid == caller.uid, "another caller");
  check_request(made->request.request);
  check_blobs(made->blobs);
}

void check_step(const wire::CreateStep& create) {
  const auto made = ctld::translate_create_step(create, caller);
  if (!made) return fuzz::require_readable(made.error());
  require(!made->request.request.argv.empty(), "a step without a command");
  wire::StepRequest message;
  wire::put(made->request.request, &message);
  const auto again = wire::take(message);
  require(again && *again == made->request.request, "a step changes on its way");
  check_blobs(made->blobs);
}

void check_other(const wire::ClientRequest& request) {
  if (request.has_job_action()) {
    const auto made = ctld::translate_action({}, request.job_action(), caller, JobId{1});
    if (!made) fuzz::require_readable(made.error());
    const auto elements = ctld::take_elements(request.job_action().elements());
    if (!elements) fuzz::require_readable(elements.error());
  }
  if (request.has_node_action()) {
    const auto made = ctld::translate_node_action(request.node_action(), caller, "ada", "n1");
    if (!made) fuzz::require_readable(made.error());
    const auto names = expand_node_list(request.node_action().names(), 1000);
    if (!names) fuzz::require_readable(names.error());
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const auto counted = ctld::check_frame(bytes);
  if (!counted) fuzz::require_readable(counted.error());
  wire::ClientRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (request.has_submit()) check_submit(request.submit());
  for (const wire::Submit& submit : request.submit_many().jobs()) check_submit(submit);
  if (request.has_create_step()) check_step(request.create_step());
  check_other(request);
  return 0;
}
