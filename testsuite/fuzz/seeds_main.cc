// Writes the first inputs of the targets whose inputs are bytes: good messages of every kind.
// usage: fuzz_seeds CORPUS, the folder with one folder per target
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "noded/translate.h"
#include "testsuite/support/builders.h"
#include "wire/client.pb.h"
#include "wire/frame_codec.h"
#include "wire/hello.pb.h"
#include "wire/model_codec.h"
#include "wire/node.pb.h"
#include "wire/step.pb.h"

namespace {

namespace fs = std::filesystem;
namespace wire = cox::wire;

std::string root;

void write(const std::string& target, const std::string& name, const std::string& bytes) {
  const fs::path folder = fs::path(root) / target;
  fs::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << bytes;
}

std::string framed(const std::string& payload) {
  std::string frame;
  wire::FrameWriter().append(payload, &frame);
  return frame;
}

cox::JobRequest job() {
  cox::JobRequest request;
  cox::JobCommon& common = request.common.edit();
  common.user = {1000, 1000, {1000, 27}, "ada", "/home/ada", "/bin/sh"};
  request.name = "solve";
  common.labels = {{"project", "cfd"}};
  request.argv = {"./solver", "-n", "4"};
  common.directory = "/home/ada";
  common.output = "%x-%j-%3t.out";
  common.error = "err-%N";
  common.limits = {{0, 1, 2}};
  common.partitions = {"batch"};
  common.nodes_wanted = {"n1"};
  cox::Component part;
  part.nodes_max = 2;
  part.tasks = 4;
  part.memory_per_node_mib = 1024;
  part.devices = {{"gpu", "a100", 2}};
  common.components = {part};
  request.time_limit = cox::minutes(30);
  return request;
}

cox::StepRequest step() {
  cox::StepRequest request;
  request.argv = {"hostname"};
  request.name = "where";
  request.tasks = 2;
  request.directory = "/tmp";
  request.output = "%t.out";
  return request;
}

void client_requests() {
  wire::ClientRequest request;
  request.set_number(7);
  wire::Submit* submit = request.mutable_submit();
  submit->set_key_high(1);
  submit->set_key_low(2);
  wire::put(job(), submit->mutable_request());
  submit->add_environment("PATH=/bin");
  submit->set_script("#!/bin/sh\nexit 0\n");
  write("client_requests", "submit", request.SerializeAsString());
  const wire::Submit one = request.submit();
  wire::put(*cox::parse_array("0-31,40-90:10%8"), submit->mutable_request()->mutable_array());
  submit->mutable_request()->set_array_at_once(8);
  write("client_requests", "submit_array", request.SerializeAsString());
  *request.mutable_submit_many()->add_jobs() = one;
  write("client_requests", "submit_many", request.SerializeAsString());
  wire::put(step(), request.mutable_create_step()->mutable_request());
  request.mutable_create_step()->set_job(12);
  write("client_requests", "create_step", request.SerializeAsString());
  request.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  request.mutable_job_action()->add_jobs(12);
  write("client_requests", "job_action", request.SerializeAsString());
  wire::ElementsOf* elements = request.mutable_job_action()->add_elements();
  elements->set_array(12);
  wire::put(*cox::parse_array("1-3,9"), elements->mutable_elements());
  write("client_requests", "elements_action", request.SerializeAsString());
  request.mutable_node_action()->set_kind(wire::NodeAction::DRAIN);
  request.mutable_node_action()->set_names("n[1-3]");
  request.mutable_node_action()->set_why("fan");
  write("client_requests", "node_action", request.SerializeAsString());
  request.mutable_wait_jobs()->add_jobs(12);
  write("client_requests", "wait_jobs", request.SerializeAsString());
}

void node_messages() {
  wire::NodeMessage message;
  auto inventory =
      cox::testing::FleetBuilder().named("n").devices("gpu", 2).pool("scratch", 9).node(1);
  inventory.node_class.hash = wire::hash_class(inventory.node_class);
  wire::put(inventory, message.mutable_register_()->mutable_inventory());
  wire::HeldAttempt* held = message.mutable_register_()->add_held();
  held->set_job(12);
  held->set_attempt(1);
  held->add_steps()->set_phase(2);
  write("node_messages", "register", message.SerializeAsString());
  message.mutable_prepared()->set_job(12);
  message.mutable_prepared()->set_attempt(1);
  message.mutable_prepared()->set_endpoint("10.0.0.1:7000");
  write("node_messages", "prepared", message.SerializeAsString());
  cox::StepResult result;
  result.cause = cox::EndCause::finished;
  result.detail = "task 3: exit 1";
  wire::put(result, message.mutable_step_ended()->mutable_result());
  message.mutable_step_ended()->mutable_step()->set_job(12);
  message.mutable_step_ended()->mutable_step()->set_attempt(1);
  write("node_messages", "step_ended", message.SerializeAsString());
  message.mutable_closed()->set_job(12);
  message.mutable_closed()->set_attempt(1);
  wire::put(result, message.mutable_closed()->mutable_batch_result());
  write("node_messages", "closed", message.SerializeAsString());
}

wire::StepSpec spec() {
  wire::StepSpec spec;
  wire::put(step(), spec.mutable_request());
  spec.set_environment(std::string("A=1\0B=2\0", 8));
  wire::StepNode* node = spec.add_nodes();
  node->set_name("n1");
  node->set_tasks(2);
  spec.set_key(std::string(32, 'k'));
  return spec;
}

wire::Prepare prepare() {
  wire::Prepare prepare;
  prepare.set_job(12);
  prepare.set_attempt(1);
  wire::put(job(), prepare.mutable_request());
  cox::NodeShare share;
  share.node = cox::NodeId{0};
  share.cores = cox::Bitset(4, true);
  share.memory_mib = {1024};
  share.tasks = 2;
  wire::put(share, prepare.mutable_share());
  prepare.add_job_nodes("n1");
  *prepare.mutable_initial() = spec();
  return prepare;
}

void controller_messages() {
  wire::ControllerMessage message;
  message.set_epoch(3);
  message.set_session(4);
  message.mutable_registered()->set_cluster("alpha");
  message.mutable_registered()->set_kill_wait_us(30'000'000);
  write("controller_messages", "registered", message.SerializeAsString());
  *message.mutable_prepare() = prepare();
  write("controller_messages", "prepare", message.SerializeAsString());
  message.mutable_prepare_step()->mutable_key()->set_job(12);
  message.mutable_prepare_step()->mutable_key()->set_attempt(1);
  *message.mutable_prepare_step()->mutable_spec() = spec();
  write("controller_messages", "prepare_step", message.SerializeAsString());
  message.mutable_go()->mutable_step()->set_job(12);
  message.mutable_go()->mutable_step()->set_attempt(1);
  message.mutable_go()->add_endpoints("10.0.0.1:7000");
  write("controller_messages", "go", message.SerializeAsString());
  message.mutable_close()->set_job(12);
  message.mutable_close()->set_attempt(1);
  message.mutable_close()->set_cause(2);
  write("controller_messages", "close", message.SerializeAsString());
}

void step_messages() {
  const auto plan = cox::noded::check_plan(prepare());
  if (!plan) {
    std::fprintf(stderr, "%s\n", plan.error().message.c_str());
    return;
  }
  cox::noded::StepPlace place;
  place.node_name = "n1";
  place.tmp_dir = "/tmp/12.1";
  place.task_cpus = {"0-1", "2-3"};
  write("step_messages", "start", cox::noded::step_start_bytes(*plan, *plan->initial(), place));
  write("attempt_files", "released", cox::noded::attempt_file_text(*plan, true));
  wire::StepMessage message;
  message.mutable_status()->set_job(12);
  message.mutable_status()->set_attempt(1);
  message.mutable_status()->set_phase(3);
  wire::put(cox::StepResult{}, message.mutable_status()->mutable_result());
  write("step_messages", "status", message.SerializeAsString());
}

void handshakes() {
  wire::Hello hello;
  hello.set_protocol_min(1);
  hello.set_protocol_max(1);
  hello.set_kind(wire::PEER_NODE);
  hello.set_nonce(std::string(32, 'x'));
  hello.set_name("n1");
  hello.set_version("0.1.0");
  wire::HelloReply reply;
  reply.set_protocol(1);
  reply.set_auth(wire::AUTH_PEERCRED);
  reply.set_nonce(std::string(32, 'y'));
  wire::Proof proof;
  proof.set_proof(std::string(32, 'p'));
  const std::string accepting = framed(hello.SerializeAsString()) + framed("") + framed("hi");
  const std::string connecting = framed(reply.SerializeAsString()) + framed("") + framed("hi");
  for (const char role : {'\0', '\1', '\2', '\3', '\4', '\5'}) {
    const bool accepts = role % 5 < 2;
    write("frames", std::string("role") + char('0' + role),
          role + std::string(1, '\7') + (accepts ? accepting : connecting));
  }
  const char zero = '\0';
  for (const int choice : {128, 129, 130}) {
    write("hello", "accepting" + std::to_string(choice - 128),
          static_cast<char>(choice) + hello.SerializeAsString() + zero + proof.SerializeAsString() +
              zero + framed("hi"));
    write("hello", "connecting" + std::to_string(choice - 128),
          static_cast<char>(choice - 128) + reply.SerializeAsString() + zero + zero + framed("hi"));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_seeds CORPUS\n", stderr);
    return 2;
  }
  root = argv[1];
  client_requests();
  node_messages();
  controller_messages();
  step_messages();
  handshakes();
  return 0;
}
