// Jobs whose paths lead where their user may not go. Files are opened with the user's rights, so a
// link, a name full of dots or a pipe gets no further than the user would.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/file.h"
#include "testsuite/daemons/hostile.h"

namespace cox::daemons {
namespace {

class HostileFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "another user needs root";
    ASSERT_TRUE(platform::write_file_atomic(secret_, "secret\n", {.mode = 0600}));
    ASSERT_EQ(::mkdir(closed_.c_str(), 0700), 0);
  }

  void TearDown() override {
    if (IsSkipped()) return;
    EXPECT_EQ(platform::read_file(secret_, 100).value_or(""), "secret\n");
    EXPECT_EQ(platform::list_directory(closed_)->size(), 0U);
    cluster_.expect_nothing_left();
  }

  /// Nobody's job, which cannot begin; why it could not.
  std::string refusal(const Job& job) {
    const auto id = client_.submit(job);
    const auto view = client_.end_of(id);
    EXPECT_EQ(view.state(), "FAILED");
    return view.why();
  }

  void expect_denied(const Job& job) {
    const std::string why = refusal(job);
    EXPECT_NE(why.find("permission denied"), std::string::npos) << why;
  }

  Job job(const std::string& script = "echo written") { return cluster_.job(script); }

  Cluster cluster_{{.nodes = 1}};
  const std::string secret_ = cluster_.dir() + "/secret";
  const std::string closed_ = cluster_.dir() + "/closed";
  Client client_ = client_as_nobody(cluster_);
};

TEST_F(HostileFiles, output_through_a_link_is_written_as_the_user_or_not_at_all) {
  ASSERT_EQ(::symlink(secret_.c_str(), (cluster_.work() + "/out").c_str()), 0);
  expect_denied(job().output("out"));
  ASSERT_EQ(::symlink(closed_.c_str(), (cluster_.work() + "/folder").c_str()), 0);
  expect_denied(job().output("folder/new"));
  expect_denied(job().directory(cluster_.work() + "/folder"));
}

TEST_F(HostileFiles, a_job_name_full_of_dots_leads_nowhere_else) {
  // A slash of a name is none of a path.
  const auto id = client_.submit(job().named("../secret").output(cluster_.work() + "/%x"));
  EXPECT_EQ(client_.end_of(id).state(), "COMPLETED");
  EXPECT_EQ(platform::read_file(cluster_.work() + "/.._secret", 100).value_or(""), "written\n");
  expect_denied(job().output("../secret"));
  expect_denied(job().output("../closed/x-%j"));
}

TEST_F(HostileFiles, a_pipe_nobody_reads_fails_the_job_and_blocks_nothing) {
  ASSERT_EQ(::mkfifo((cluster_.work() + "/pipe").c_str(), 0666), 0);
  ASSERT_EQ(::chmod((cluster_.work() + "/pipe").c_str(), 0666), 0);
  const std::string why = refusal(job().output("pipe"));
  EXPECT_NE(why.find("/pipe"), std::string::npos) << why;
}

TEST_F(HostileFiles, what_proc_shows_of_the_supervisor_is_not_shown) {
  for (const char* path : {"/proc/self/maps", "/proc/self/attr/current", "/proc/self/comm"}) {
    auto reader = job("cat");
    reader.message().mutable_request()->set_input(path);
    const std::string why = refusal(reader);
    EXPECT_TRUE(why.find("files of /proc cannot be used") != std::string::npos ||
                why.find("denied") != std::string::npos)
        << path << ": " << why;
  }
  expect_denied(job().output("/proc/self/mem"));
}

TEST_F(HostileFiles, a_link_that_changes_all_the_time_is_never_followed_as_root) {
  cluster_.write("own", "");
  ASSERT_EQ(::chown((cluster_.work() + "/own").c_str(), nobody, nobody), 0);
  const Child swapper(cluster_.shell_request(
      "while [ ! -e stop ]; do ln -sfn own out; ln -sfn ../secret out; done", nobody));
  ASSERT_TRUE(eventually([&] { return platform::path_exists(cluster_.work() + "/own"); }));
  for (int i = 0; i < 10; ++i) {
    const auto id = client_.submit(job("id -u >&2; true").output("out"));
    const std::string state = client_.end_of(id).state();
    EXPECT_TRUE(state == "COMPLETED" || state == "FAILED") << state;
  }
  cluster_.write("stop", "");
}

TEST_F(HostileFiles, the_mpi_server_makes_no_file_where_the_user_put_a_link) {
  const std::string mpi = example("cox-example-mpi");
  if (!platform::path_exists(mpi)) GTEST_SKIP() << mpi << " was not built";
  for (const char* trick :
       {"ln -s "
        "CLOSED"
        " $COX_TMPDIR/cox-mpi-0",
        "mkdir $COX_TMPDIR/cox-mpi-0; ln -s CLOSED $COX_TMPDIR/cox-mpi-0/mpi"}) {
    std::string script = trick;
    script.replace(script.find("CLOSED"), 6, closed_);
    const auto id = client_.submit(job(script + "; cox run --mpi pmix -n 1 " + mpi + "; true"));
    EXPECT_EQ(client_.end_of(id).state(), "COMPLETED")
        << cluster_.file(std::to_string(id) + ".out");
    EXPECT_EQ(platform::list_directory(closed_)->size(), 0U) << script;
  }
}

}  // namespace
}  // namespace cox::daemons
