// Users who want what is another's: jobs, steps, the daemons' rights and files.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "link/client_link.h"
#include "model/ids.h"
#include "platform/file.h"
#include "testsuite/daemons/hostile.h"
#include "wire/step.pb.h"

namespace cox::daemons {
namespace {

class HostileUser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "another user needs root";
  }

  /// A job of root's that runs until the file `go` is there.
  std::uint64_t start_job() {
    const auto id = client_.submit(cluster_.job("echo on; while [ ! -e go ]; do sleep 0.02; done"));
    cluster_.shows("1.out", "on");
    return id;
  }

  void end_job(std::uint64_t id) {
    cluster_.write("go", "");
    EXPECT_EQ(client_.end_of(id).state(), "COMPLETED");
    cluster_.expect_nothing_left();
  }

  Cluster cluster_{{.nodes = 1}};
  Client client_ = cluster_.client();
};

TEST_F(HostileUser, cannot_submit_as_another) {
  Client hostile = client_as_nobody(cluster_);
  for (const std::uint32_t uid : {1U, 1000U}) {
    const auto refused = hostile.try_submit(cluster_.job("id -u").as(uid));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::not_permitted);
    EXPECT_EQ(refused.error().message, "uid 65534 may not submit as uid " + std::to_string(uid));
  }
  // Uid 0 reads as none given: it is the caller's own.
  const auto own = hostile.submit(cluster_.job("id -u").as(0));
  EXPECT_EQ(hostile.end_of(own).state(), "COMPLETED");
  EXPECT_EQ(cluster_.file(std::to_string(own) + ".out"), "65534\n");
  cluster_.expect_nothing_left();
}

TEST_F(HostileUser, cannot_touch_the_job_of_another) {
  const auto id = start_job();
  Client hostile = client_as_nobody(cluster_);
  for (const auto kind : {wire::JobAction::CANCEL, wire::JobAction::HOLD, wire::JobAction::RELEASE,
                          wire::JobAction::REQUEUE}) {
    const auto refused = hostile.act(kind, id);
    ASSERT_FALSE(refused) << kind;
    EXPECT_EQ(refused.error().code, Code::not_permitted) << refused.error().message;
  }
  wire::ClientRequest request;
  request.mutable_create_step()->set_job(id);
  request.mutable_create_step()->mutable_request()->add_argv("/bin/true");
  const auto step = hostile.ask(request);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, Code::not_permitted);
  EXPECT_EQ(client_.state(id), "RUNNING");
  end_job(id);
}

TEST_F(HostileUser, cannot_rule_nodes_or_the_controller) {
  Client hostile = client_as_nobody(cluster_);
  for (const auto kind : {wire::NodeAction::DRAIN, wire::NodeAction::DOWN}) {
    const auto refused = hostile.act_on_node(kind, "n1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::not_permitted);
  }
  wire::ClientRequest request;
  request.mutable_shutdown()->set_force(true);
  const auto refused = hostile.ask(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "nobody may not stop the controller");
  EXPECT_EQ(client_.nodes().front().state(), "idle");
  cluster_.expect_nothing_left();
}

TEST_F(HostileUser, cannot_pass_for_a_node) {
  {
    const Disguise disguise;
    RawPeer node(cluster_.dir() + "/ctld.sock");
    node.say_hello(wire::PEER_NODE, "n1");
    EXPECT_TRUE(node.is_cut_off());
  }
  EXPECT_NE(cluster_.file("../ctld.log").find("uid 65534 may not be a node"), std::string::npos);
  EXPECT_TRUE(cluster_.hears_all_nodes());
  cluster_.expect_nothing_left();
}

TEST_F(HostileUser, cannot_talk_to_the_supervisor_of_another) {
  const auto id = start_job();
  platform::Address address;
  address.path = cluster_.dir() + "/steps-n1/1.1." + std::to_string(step_batch.value);
  for (const std::string& key : {std::string(), std::string(32, 'k')}) {
    const Disguise disguise;
    auto link = link::ClientLink::connect(address, key, seconds(10));
    wire::StepMessage message;
    message.mutable_end()->set_cause(1);
    // Without a key the request leaves with the hello, and the answer to both is the refusal.
    Result<void> done = link ? link->send(message.SerializeAsString()) : Failure(link.error());
    if (done) {
      const auto heard = link->receive(seconds(10));
      ASSERT_FALSE(heard);
      done = Failure(heard.error());
    }
    EXPECT_EQ(done.error().code, Code::not_permitted) << done.error().message;
  }
  EXPECT_EQ(client_.state(id), "RUNNING");
  end_job(id);
}

TEST_F(HostileUser, cannot_open_what_is_the_daemons) {
  const auto id = start_job();
  const auto mode = [&](const std::string& name) {
    struct stat found {};
    EXPECT_EQ(::stat((cluster_.dir() + name).c_str(), &found), 0) << name;
    return found.st_mode & 07777U;
  };
  EXPECT_EQ(mode("/cluster.key"), 0600U);
  EXPECT_EQ(mode("/state"), 0700U);
  EXPECT_EQ(mode("/attempts-n1"), 0700U);
  EXPECT_EQ(mode("/steps-n1"), 0711U);
  EXPECT_EQ(mode("/tmp-n1"), 0711U);
  EXPECT_EQ(mode("/tmp-n1/1.1"), 0700U);
  EXPECT_EQ(mode("/ctld.sock"), 0666U);
  const auto tried = cluster_.shell(
      "cat ../cluster.key; ls ../state ../attempts-n1 ../steps-n1 "
      "../tmp-n1/1.1; touch ../x; rm ../ctld.sock; echo over",
      nobody);
  EXPECT_EQ(tried.output.find("1.1."), std::string::npos) << tried.output;
  std::size_t denied = 0;
  for (const std::string_view line : split(tried.output, '\n')) {
    if (line.find("denied") != std::string_view::npos) ++denied;
  }
  EXPECT_EQ(denied, 7U) << tried.output;
  end_job(id);
}

TEST_F(HostileUser, variables_reach_the_task_and_never_a_program_of_ours) {
  Client hostile = client_as_nobody(cluster_);
  const std::vector<std::string> variables = {"LD_PRELOAD=/evil.so",
                                              "LD_LIBRARY_PATH=/evil",
                                              "LD_AUDIT=/evil.so",
                                              "GCONV_PATH=/evil",
                                              "PMIX_MCA_mca_base_component_path=/evil",
                                              "MALLOC_CONF=/evil",
                                              "HWLOC_XMLFILE=/evil",
                                              "HOSTALIASES=/evil",
                                              "GLIBC_TUNABLES=glibc./evil=",
                                              "ENV=/evil",
                                              "TZ=/evil"};
  auto job = cluster_.job("echo on; while [ ! -e go ]; do sleep 0.02; done; echo $LD_AUDIT");
  for (const std::string& variable : variables) job.environment(variable);
  const auto id = hostile.submit(job);
  cluster_.shows("1.out", "on");
  const auto supervisors = cluster_.supervisors();
  ASSERT_EQ(supervisors.size(), 1U);
  const std::string process = "/proc/" + std::to_string(supervisors.front());
  for (const char* file : {"/environ", "/maps"}) {
    const auto text = platform::read_file(process + file, 1U << 20);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->find("evil"), std::string::npos) << file;
  }
  cluster_.write("go", "");
  EXPECT_EQ(hostile.end_of(id).state(), "COMPLETED");
  EXPECT_NE(cluster_.file("1.out").find("/evil.so\n"), std::string::npos);
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
