// See cluster_client.h.
#include "bench/cluster_client.h"

#include <pwd.h>
#include <unistd.h>

#include "bench/measure.h"
#include "cmds/client/submission.h"
#include "wire/model_codec.h"

namespace cox::bench {
namespace {

std::string own_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? std::to_string(::geteuid()) : entry->pw_name;
}

}  // namespace

link::ClientLink open_link(const std::string& dir) {
  platform::Address address;
  address.path = dir + "/ctld.sock";
  auto link = link::ClientLink::connect(address, "", seconds(10));
  if (!link) give_up(link.error().message);
  return std::move(*link);
}

ClusterClient::ClusterClient(const std::string& dir) : link_(open_link(dir)) {}

wire::ClientReply ClusterClient::ask(wire::ClientRequest request) {
  request.set_number(++number_);
  if (auto sent = link_.send(request.SerializeAsString()); !sent) give_up(sent.error().message);
  wire::ClientReply whole;
  while (!whole.last()) {
    auto frame = link_.receive(seconds(120));
    if (!frame) give_up(frame.error().message);
    wire::ClientReply part;
    if (!*frame || !part.ParseFromString(**frame)) give_up("no answer from the controller");
    if (part.has_error()) give_up(part.error().message());
    whole.MergeFrom(part);
  }
  return whole;
}

std::uint64_t ClusterClient::submit(const std::vector<std::string>& argv) {
  JobRequest job;
  job.name = "bench";
  job.argv = argv;
  job.common.edit().components.emplace_back();
  job.common.edit().output = job.common.edit().error = "/dev/null";
  if (auto collected = cmds::collect_surroundings(&job); !collected) {
    give_up(collected.error().message);
  }
  const ClientKey key = cmds::make_client_key();
  wire::ClientRequest request;
  wire::Submit& submit = *request.mutable_submit();
  submit.set_key_high(key.words[0]);
  submit.set_key_low(key.words[1]);
  submit.add_environment("PATH=/usr/bin:/bin");
  wire::put(job, submit.mutable_request());
  return ask(std::move(request)).submitted().job();
}

void ClusterClient::wait_for(std::uint64_t job) {
  wire::ClientRequest request;
  request.mutable_wait_jobs()->add_jobs(job);
  ask(std::move(request));
}

wire::StatusReply ClusterClient::status() {
  wire::ClientRequest request;
  request.mutable_status();
  return ask(std::move(request)).status();
}

std::vector<wire::JobView> ClusterClient::ended_jobs() {
  wire::ClientRequest request;
  request.mutable_list_jobs()->set_ended(true);
  const wire::ClientReply reply = ask(std::move(request));
  std::vector<wire::JobView> ended;
  for (const wire::JobView& job : reply.jobs().jobs()) {
    if (job.is_final()) ended.push_back(job);
  }
  return ended;
}

void ClusterClient::cancel_all() {
  wire::ClientRequest request;
  request.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  request.mutable_job_action()->set_user(own_name());
  ask(std::move(request));
}

}  // namespace cox::bench
