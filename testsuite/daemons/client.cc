// Blocking, over link/client_link: what the command cox does, without its terminal.
#include "testsuite/daemons/client.h"

#include <gtest/gtest.h>

#include <cstring>

#include "platform/random.h"
#include "testsuite/daemons/processes.h"

namespace cox::daemons {
namespace {

constexpr Duration patience = cox::seconds(30);

std::uint64_t random_word() {
  std::uint64_t word = 0;
  std::memcpy(&word, platform::random_bytes(sizeof word).data(), sizeof word);
  return word;
}

}  // namespace

Job::Job(const std::string& script, const std::string& directory) {
  submit_.set_key_high(random_word());
  submit_.set_key_low(random_word());
  submit_.set_script("#!/bin/sh\n" + script + "\n");
  wire::JobRequest& request = *submit_.mutable_request();
  request.set_name("job");
  request.set_directory(directory);
  request.set_output(directory + "/%j.out");
  request.set_umask(022);
  request.set_requeue(false);
  request.set_time_limit_us(duration_unlimited.us);
  request.add_components();
  nodes(1).memory_mib(64);
  part().set_memory_per_cpu_mib(-1);
}

Job& Job::nodes(std::uint32_t count) {
  part().set_nodes_min(count);
  part().set_nodes_max(count);
  part().set_tasks(count);
  part().set_tasks_per_node(1);
  return *this;
}

Job& Job::cpus_per_task(std::uint32_t count) {
  part().set_cpus_per_task(count);
  return *this;
}

Job& Job::memory_mib(std::int64_t mib) {
  part().set_memory_per_node_mib(mib);
  return *this;
}

Job& Job::exclusive() {
  part().set_exclusive(true);
  return *this;
}

Job& Job::seconds(std::int64_t limit) {
  submit_.mutable_request()->set_time_limit_us(cox::seconds(limit).us);
  return *this;
}

Job& Job::requeue(bool allowed) {
  submit_.mutable_request()->set_requeue(allowed);
  return *this;
}

Job& Job::held() {
  submit_.mutable_request()->set_held(true);
  return *this;
}

Job& Job::named(const std::string& name) {
  submit_.mutable_request()->set_name(name);
  return *this;
}

Job& Job::output(const std::string& pattern) {
  submit_.mutable_request()->set_output(pattern);
  return *this;
}

Job& Job::directory(const std::string& path) {
  submit_.mutable_request()->set_directory(path);
  return *this;
}

Job& Job::on(const std::string& node) {
  submit_.mutable_request()->add_nodes_wanted(node);
  return *this;
}

Job& Job::environment(const std::string& variable) {
  submit_.add_environment(variable);
  return *this;
}

Job& Job::as(std::uint32_t uid) {
  submit_.mutable_request()->mutable_user()->set_uid(uid);
  return *this;
}

Job& Job::command(const std::vector<std::string>& argv) {
  submit_.clear_script();
  for (const std::string& word : argv) submit_.mutable_request()->add_argv(word);
  return *this;
}

Client::Client(platform::Address address, std::string key)
    : address_(std::move(address)), key_(std::move(key)) {}

Result<void> Client::connect() {
  if (link_) return {};
  auto link = link::ClientLink::connect(address_, key_, patience);
  if (!link) return Failure(link.error());
  link_ = std::move(*link);
  return {};
}

Result<void> Client::send(const wire::ClientRequest& request) {
  auto done = connect();
  if (!done) return done;
  wire::ClientRequest numbered = request;
  numbered.set_number(++number_);
  done = link_->send(numbered.SerializeAsString());
  if (!done) link_.reset();
  return done;
}

Result<wire::ClientReply> Client::next(Duration time_out) {
  if (!link_) return fail(Code::unreachable, "not connected");
  auto frame = link_->receive(time_out);
  if (!frame) {
    link_.reset();
    return Failure(frame.error());
  }
  if (!*frame) return fail(Code::timed_out, "no answer in " + to_text(time_out));
  wire::ClientReply reply;
  if (!reply.ParseFromString(**frame)) return fail(Code::internal, "an answer cannot be read");
  if (reply.has_error() && reply.body_case() == wire::ClientReply::BODY_NOT_SET) {
    return fail(static_cast<Code>(reply.error().code()), reply.error().message());
  }
  return reply;
}

Result<wire::ClientReply> Client::ask(const wire::ClientRequest& request) {
  if (auto sent = send(request); !sent) return Failure(sent.error());
  wire::ClientReply whole;
  while (!whole.last()) {
    auto reply = next();
    if (!reply) return reply;
    if (reply->number() == number_) whole.MergeFrom(*reply);
  }
  return whole;
}

Result<wire::ClientReply> Client::ask_surely(const wire::ClientRequest& request) {
  Result<wire::ClientReply> answer = fail(Code::unreachable, "");
  eventually([&] {
    answer = ask(request);
    return answer || answer.error().code != Code::unreachable;
  });
  return answer;
}

Result<std::uint64_t> Client::try_submit(const Job& job) {
  wire::ClientRequest request;
  *request.mutable_submit() = job.message();
  const auto answer = ask_surely(request);
  if (!answer) return Failure(answer.error());
  return answer->submitted().job();
}

std::uint64_t Client::submit(const Job& job) {
  const auto id = try_submit(job);
  EXPECT_TRUE(id) << (id ? "" : id.error().message);
  return id.value_or(0);
}

Result<std::uint64_t> Client::act(wire::JobAction::Kind kind, std::uint64_t job) {
  wire::ClientRequest request;
  request.mutable_job_action()->set_kind(kind);
  request.mutable_job_action()->add_jobs(job);
  const auto answer = ask_surely(request);
  if (!answer) return Failure(answer.error());
  if (answer->done().errors_size() == 0) return answer->done().count();
  const wire::Error& error = answer->done().errors(0).error();
  return fail(static_cast<Code>(error.code()), error.message());
}

Result<std::uint64_t> Client::act_on_node(wire::NodeAction::Kind kind, const std::string& node) {
  wire::ClientRequest request;
  request.mutable_node_action()->set_kind(kind);
  request.mutable_node_action()->set_names(node);
  request.mutable_node_action()->set_why("the test says so");
  const auto answer = ask_surely(request);
  if (!answer) return Failure(answer.error());
  if (answer->done().errors_size() == 0) return answer->done().count();
  const wire::Error& error = answer->done().errors(0).error();
  return fail(static_cast<Code>(error.code()), error.message());
}

wire::JobView Client::view(std::uint64_t job) {
  wire::ClientRequest request;
  request.mutable_list_jobs()->add_jobs(job);
  request.mutable_list_jobs()->set_ended(true);
  request.mutable_list_jobs()->set_full(true);
  const auto answer = ask_surely(request);
  EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
  if (!answer || answer->jobs().jobs_size() != 1) return {};
  return answer->jobs().jobs(0);
}

std::string Client::state(std::uint64_t job) {
  return view(job).state();
}

bool Client::reaches(std::uint64_t job, const std::string& state) {
  std::string last;
  const bool reached = eventually([&] {
    last = this->state(job);
    return last == state;
  });
  EXPECT_TRUE(reached) << "job " << job << " is " << last << ", not " << state;
  return reached;
}

wire::JobView Client::end_of(std::uint64_t job) {
  wire::ClientRequest request;
  request.mutable_wait_jobs()->add_jobs(job);
  const auto answer = ask_surely(request);
  EXPECT_TRUE(answer) << "job " << job << ": "
                      << (answer ? ""
                                 : answer.error().message + "; it is " + state(job) + ": " +
                                       view(job).reason() + " " + view(job).why());
  return answer ? answer->event().job() : wire::JobView{};
}

std::vector<wire::NodeView> Client::nodes() {
  wire::ClientRequest request;
  request.mutable_list_nodes();
  const auto answer = ask_surely(request);
  if (!answer) return {};
  return {answer->nodes().nodes().begin(), answer->nodes().nodes().end()};
}

wire::NodeView Client::node(const std::string& name) {
  for (const wire::NodeView& node : nodes()) {
    if (node.name() == name) return node;
  }
  return {};
}

std::vector<wire::JobView> Client::jobs(bool ended) {
  wire::ClientRequest request;
  request.mutable_list_jobs()->set_ended(ended);
  const auto answer = ask_surely(request);
  if (!answer) return {};
  return {answer->jobs().jobs().begin(), answer->jobs().jobs().end()};
}

wire::StatusReply Client::status() {
  wire::ClientRequest request;
  request.mutable_status();
  const auto answer = ask_surely(request);
  return answer ? answer->status() : wire::StatusReply{};
}

}  // namespace cox::daemons
