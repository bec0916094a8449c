// PMI under real supervisors, spoken by a few lines of shell: no MPI library is needed. Programs of
// the real ones are in testsuite/daemons.
#include <gtest/gtest.h>

#include <algorithm>

#include "noded/stepd/stepd_world.h"

namespace cox::stepd {
namespace {

/// A script that begins by greeting; `ask REQUEST` prints the answer.
std::vector<std::string> pmi_script(const std::string& rest) {
  return {"/bin/sh", "-c",
          "ask() { echo \"$1\" >&$PMI_FD; read -r answer <&$PMI_FD; echo \"$answer\"; }\n"
          "ask 'cmd=init pmi_version=1 pmi_subversion=1' >/dev/null\n" +
              rest};
}

struct PmiSteps {
  World world;
  std::vector<Stepd*> nodes;
  const Voice* client = nullptr;

  PmiSteps(const std::vector<std::string>& argv,
           const std::vector<std::uint32_t>& tasks,
           MpiKind mpi = MpiKind::pmi1) {
    for (std::uint32_t index = 0; index < tasks.size(); ++index) {
      auto start = world.interactive(argv, tasks, index);
      start.mutable_spec()->mutable_request()->set_mpi(static_cast<std::uint32_t>(mpi));
      nodes.push_back(&world.spawn(start));
    }
    EXPECT_TRUE(world.until([&] {
      return std::all_of(nodes.begin(), nodes.end(),
                         [](const Stepd* one) { return one->parent.phase() == prepared; });
    }));
    std::vector<std::string> endpoints;
    for (const Stepd* one : nodes) endpoints.push_back(one->socket);
    for (const Stepd* one : nodes) one->parent.say_go(endpoints);
    client = &world.attach(*nodes.front());
  }

  const StepResult& end() {
    EXPECT_TRUE(world.until([&] { return client->exit.has_value(); }));
    return *client->exit;
  }
};

TEST(Pmi, keys_of_every_task_are_seen_by_all_on_two_nodes) {
  PmiSteps step(pmi_script("space=$(ask cmd=get_my_kvsname); space=${space##*=}\n"
                           "ask \"cmd=put kvsname=$space key=k$PMI_RANK value=v$PMI_RANK\" "
                           ">/dev/null\n"
                           "ask cmd=barrier_in >/dev/null\n"
                           "for rank in 0 1 2; do ask \"cmd=get kvsname=$space key=k$rank\"; done\n"
                           "ask \"cmd=get kvsname=$space key=PMI_process_mapping\"\n"
                           "ask cmd=finalize; echo $PMI_SIZE"),
                {2, 1});
  EXPECT_EQ(step.end().exit_code, 0) << step.end().detail;
  for (const std::uint32_t task : {0U, 1U, 2U}) {
    EXPECT_EQ(step.client->output.at(task),
              "cmd=get_result rc=0 value=v0\ncmd=get_result rc=0 value=v1\n"
              "cmd=get_result rc=0 value=v2\ncmd=get_result rc=0 value=(vector,(0,1,2),(1,1,1))\n"
              "cmd=finalize_ack rc=0\n3\n");
  }
  EXPECT_EQ(step.client->told, std::vector<std::string>{"mpi: pmi1, as --mpi asked"});
}

TEST(Pmi, a_line_that_is_no_request_ends_the_step_on_all_nodes_and_is_shown) {
  PmiSteps step(
      pmi_script("test $PMI_RANK = 1 && printf 'ho\\033ho\\n' >&$PMI_FD; exec sleep 1000"), {1, 1});
  EXPECT_EQ(step.end().cause, EndCause::bad_exit);
  EXPECT_EQ(step.end().detail,
            "task 1 on n2 broke the pmi protocol: pmi-1 message ho\\x1bho: a control character");
  EXPECT_TRUE(step.world.until([&] { return step.nodes[1]->parent.phase() == ended; }));
}

TEST(Pmi, bytes_without_end_end_the_step) {
  PmiSteps step({"/bin/sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x >&$PMI_FD; sleep 1000"},
                {2});
  EXPECT_EQ(step.end().cause, EndCause::bad_exit);
  EXPECT_NE(step.end().detail.find("no end within 65536 bytes"), std::string::npos)
      << step.end().detail;
}

TEST(Pmi, an_abort_ends_the_step_with_its_status) {
  PmiSteps step(pmi_script("test $PMI_RANK = 2 && echo 'cmd=abort exitcode=9' >&$PMI_FD\n"
                           "exec sleep 1000"),
                {2, 1});
  EXPECT_EQ(step.end().exit_code, 9);
  EXPECT_EQ(step.end().detail, "a task aborted the step with status 9");
}

TEST(Pmi, a_task_that_ends_without_farewell_is_not_waited_for) {
  PmiSteps step(pmi_script("test $PMI_RANK = 1 && exit 0; ask cmd=barrier_in"), {2, 1});
  EXPECT_EQ(step.end().cause, EndCause::bad_exit);
  EXPECT_EQ(step.end().detail, "task 1 on n1 ended without MPI_Finalize");
}

TEST(Pmi, what_was_refused_is_told_when_the_step_fails) {
  PmiSteps step(pmi_script("printf 'mcmd=spawn\\nnprocs=1\\nexecname=x\\nendcmd\\n' >&$PMI_FD\n"
                           "read -r answer <&$PMI_FD; echo $answer; exit 3"),
                {1});
  EXPECT_EQ(step.end().exit_code, 3);
  EXPECT_EQ(step.end().detail.find("task 0 on n1 asked for more processes (MPI_Comm_spawn)"), 0U)
      << step.end().detail;
}

TEST(Pmi, is_not_there_where_it_was_not_asked_for) {
  PmiSteps step({"/bin/sh", "-c", "echo ${PMI_FD-unset}; ls /proc/self/fd | wc -l"}, {2},
                MpiKind::none);
  EXPECT_EQ(step.end().exit_code, 0);
  EXPECT_EQ(step.client->output.at(0), "unset\n4\n") << "0 to 2, and that of ls";
  EXPECT_EQ(step.client->told, std::vector<std::string>{"mpi: none, as --mpi asked"});
}

TEST(Pmi, a_task_inherits_nothing_but_its_own_connection) {
  PmiSteps step(pmi_script("ls /proc/self/fd | tr '\\n' ' '; ask cmd=finalize >/dev/null"), {2});
  EXPECT_EQ(step.end().exit_code, 0);
  EXPECT_EQ(step.client->output.at(0), "0 1 2 3 4 ") << "3 is that of ls, 4 is PMI_FD";
}

}  // namespace
}  // namespace cox::stepd
