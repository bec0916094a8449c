// Conversations with the PMI server, word by word.
#include "noded/stepd/pmi/pmi_server.h"

#include <gtest/gtest.h>

#include <memory>

#include "noded/stepd/fences.h"

namespace cox::stepd {
namespace {

/// Nodes with two ranks each, whose fences meet as they do at a step's root.
class PmiNodes {
 public:
  explicit PmiNodes(std::uint32_t nodes, bool one = true, bool two = true) : fences_(nodes) {
    for (std::uint32_t node = 0; node < nodes; ++node) {
      PmiStep step{"cox.7.1.0",
                   "(vector,(0," + std::to_string(nodes) + ",2))",
                   "n" + std::to_string(node + 1),
                   {2 * node, 2 * node + 1},
                   2 * nodes,
                   one,
                   two};
      PmiServer::Out out;
      out.send = [this, node](std::uint32_t local, const std::string& bytes) {
        heard[2 * node + local] += bytes;
      };
      out.fence = [this, node](const std::string& data) {
        const auto done = fences_.arrive("pmi", {}, node, data);
        if (done) {
          for (auto& server : servers_) {
            server->fence_done(done->data);
          }
        }
      };
      out.abort = [this](std::int32_t status, const std::string& message) {
        ends.push_back("abort " + std::to_string(status) + " " + message);
      };
      out.broken = [this](const std::string& why) { ends.push_back(why); };
      servers_.push_back(std::make_unique<PmiServer>(std::move(step), std::move(out)));
    }
    heard.resize(std::size_t{2} * nodes);
  }

  PmiServer& node(std::uint32_t index) { return *servers_[index]; }

  /// What `rank` is answered.
  std::string say(std::uint32_t rank, const std::string& bytes) {
    heard[rank].clear();
    servers_[rank / 2]->take(rank % 2, bytes);
    return heard[rank];
  }

  void greet_all(const std::string& version) {
    for (std::uint32_t rank = 0; rank < heard.size(); ++rank) {
      say(rank, "cmd=init pmi_version=" + version + " pmi_subversion=1\n");
    }
  }

  std::vector<std::string> heard;
  std::vector<std::string> ends;

 private:
  Fences fences_;
  std::vector<std::unique_ptr<PmiServer>> servers_;
};

/// Behind its length, as the second version has it.
std::string with_length(const std::string& text) {
  const std::string length = std::to_string(text.size());
  return std::string(6 - length.size(), ' ') + length + text;
}

TEST(PmiServer, answers_what_mpich_asks_first) {
  PmiNodes nodes(2);
  EXPECT_EQ(nodes.say(3, "cmd=init pmi_version=1 pmi_subversion=1\n"),
            "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n");
  EXPECT_EQ(nodes.say(3, "cmd=get_maxes\n"),
            "cmd=maxes rc=0 kvsname_max=256 keylen_max=64 vallen_max=1024\n");
  EXPECT_EQ(nodes.say(3, "cmd=get_appnum\n"), "cmd=appnum rc=0 appnum=0\n");
  EXPECT_EQ(nodes.say(3, "cmd=get_universe_size\n"), "cmd=universe_size rc=0 size=4\n");
  EXPECT_EQ(nodes.say(3, "cmd=get_my_kvsname\n"), "cmd=my_kvsname rc=0 kvsname=cox.7.1.0\n");
  EXPECT_EQ(nodes.say(3, "cmd=get kvsname=cox.7.1.0 key=PMI_process_mapping\n"),
            "cmd=get_result rc=0 value=(vector,(0,2,2))\n");
  EXPECT_EQ(nodes.say(3, "cmd=finalize\n"), "cmd=finalize_ack rc=0\n");
  EXPECT_EQ(nodes.node(1).connected(), 1U);
  EXPECT_EQ(nodes.node(0).connected(), 0U);
  EXPECT_TRUE(nodes.ends.empty());
}

TEST(PmiServer, a_barrier_ends_when_all_ranks_of_all_nodes_came_and_brings_their_keys) {
  PmiNodes nodes(2);
  nodes.greet_all("1");
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    const std::string key = "card" + std::to_string(rank);
    EXPECT_EQ(nodes.say(rank, "cmd=put kvsname=cox.7.1.0 key=" + key + " value=of " + key + "\n"),
              "cmd=put_result rc=0 msg=success\n");
  }
  for (const std::uint32_t rank : {2U, 0U, 3U}) {
    EXPECT_EQ(nodes.say(rank, "cmd=barrier_in\n"), "");
  }
  nodes.say(1, "cmd=barrier_in\n");
  for (const std::string& heard : nodes.heard) {
    EXPECT_EQ(heard, "cmd=barrier_out rc=0\n");
  }
  EXPECT_EQ(nodes.say(0, "cmd=get kvsname=cox.7.1.0 key=card3\n"),
            "cmd=get_result rc=0 value=of card3\n");
  EXPECT_EQ(nodes.say(0, "cmd=get kvsname=cox.7.1.0 key=card4\n"),
            "cmd=get_result rc=-1 msg=no_key_card4\n");
  EXPECT_EQ(nodes.say(0, "cmd=get kvsname=other key=card3\n"),
            "cmd=get_result rc=-1 msg=no_key_space_other\n");
  EXPECT_EQ(nodes.say(0, "cmd=get key=PMI_dead_processes\n"), "cmd=get_result rc=0 value=\n");
}

TEST(PmiServer, speaks_the_second_version_after_the_first_exchange) {
  PmiNodes nodes(1);
  EXPECT_EQ(nodes.say(1, "cmd=init pmi_version=2 pmi_subversion=0\n"),
            "cmd=response_to_init rc=0 pmi_version=2 pmi_subversion=0\n");
  EXPECT_EQ(nodes.say(1, with_length("cmd=fullinit;pmijobid=x;pmirank=1;threaded=FALSE;")),
            with_length("cmd=fullinit-response;rc=0;pmi-version=2;pmi-subversion=0;rank=1;size=2;"
                        "appnum=0;debugged=FALSE;pmiverbose=FALSE;"));
  EXPECT_EQ(nodes.say(1, with_length("cmd=job-getid;")),
            with_length("cmd=job-getid-response;rc=0;jobid=cox.7.1.0;"));
  EXPECT_EQ(nodes.say(1, with_length("cmd=info-getjobattr;key=PMI_process_mapping;")),
            with_length("cmd=info-getjobattr-response;rc=0;found=TRUE;flag=TRUE;"
                        "value=(vector,(0,1,2));"));
  EXPECT_EQ(nodes.say(1, with_length("cmd=info-getjobattr;key=universeSize;")),
            with_length("cmd=info-getjobattr-response;rc=0;found=TRUE;flag=TRUE;value=2;"));
  EXPECT_EQ(nodes.say(1, with_length("cmd=kvs-get;jobid=x;srcid=0;key=none;")),
            with_length("cmd=kvs-get-response;rc=0;found=FALSE;flag=FALSE;"));
}

TEST(PmiServer, fences_and_waits_of_the_second_version_name_the_thread_that_waits) {
  PmiNodes nodes(1);
  nodes.greet_all("2");
  EXPECT_EQ(nodes.say(0, with_length("cmd=info-getnodeattr;thrid=9;key=k;wait=TRUE;")), "");
  nodes.heard[0].clear();
  EXPECT_EQ(nodes.say(1, with_length("cmd=info-putnodeattr;key=k;value=v;;w;")),
            with_length("cmd=info-putnodeattr-response;rc=0;"));
  EXPECT_EQ(nodes.heard[0], with_length("cmd=info-getnodeattr-response;thrid=9;rc=0;found=TRUE;"
                                        "flag=TRUE;value=v;;w;"));
  nodes.say(1, with_length("cmd=kvs-put;key=a;value=b;"));
  nodes.heard[0].clear();
  EXPECT_EQ(nodes.say(0, with_length("cmd=kvs-fence;thrid=3;")), "");
  EXPECT_EQ(nodes.say(1, with_length("cmd=kvs-fence;")),
            with_length("cmd=kvs-fence-response;rc=0;"));
  EXPECT_EQ(nodes.heard[0], with_length("cmd=kvs-fence-response;thrid=3;rc=0;"));
}

TEST(PmiServer, an_abort_is_handed_on_with_its_status) {
  PmiNodes nodes(1);
  nodes.greet_all("1");
  nodes.say(1, "cmd=abort exitcode=42 message=all is lost\n");
  EXPECT_EQ(nodes.ends, std::vector<std::string>{"abort 42 all is lost"});
  EXPECT_EQ(nodes.say(1, "cmd=get_maxes\n"), "") << "it is heard no more";
  PmiNodes two(1);
  two.greet_all("2");
  two.say(0, with_length("cmd=abort;isworld=TRUE;msg=no mesh;"));
  EXPECT_EQ(two.ends, std::vector<std::string>{"abort 1 no mesh"});
}

TEST(PmiServer, a_spawn_is_refused_and_remembered_for_the_steps_message) {
  PmiNodes nodes(1);
  nodes.greet_all("1");
  const std::string answer = nodes.say(0,
                                       "mcmd=spawn\nnprocs=2\nexecname=./worker\ntotspawns=1\n"
                                       "spawnssofar=1\nargcnt=0\npreput_num=0\ninfo_num=0\n"
                                       "endcmd\n");
  EXPECT_EQ(answer.find("cmd=spawn_result rc=-1 msg="), 0U) << answer;
  EXPECT_EQ(nodes.node(0).refusals(),
            "task 0 on n1 asked for more processes (MPI_Comm_spawn): a step has all its tasks from "
            "its start");
  EXPECT_TRUE(nodes.ends.empty());
  EXPECT_EQ(nodes.say(0, "cmd=publish_name service=s port=p\n").find("cmd=publish_result rc=-1"),
            0U);
}

TEST(PmiServer, an_unknown_command_is_answered) {
  PmiNodes nodes(1);
  nodes.greet_all("1");
  EXPECT_EQ(nodes.say(0, "cmd=dance\n"), "cmd=dance_result rc=-1 msg=unknown_command_dance\n");
  PmiNodes two(1);
  two.greet_all("2");
  EXPECT_EQ(two.say(0, with_length("cmd=dance;thrid=4;")),
            with_length("cmd=dance-response;thrid=4;rc=1;errmsg=unknown command dance;"));
}

TEST(PmiServer, what_breaks_the_protocol_ends_the_step_with_one_line) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"hello\n", "pmi-1 message hello: name=value is expected at hello"},
      {"cmd=get_maxes\n", "get_maxes comes before init"},
      {"cmd=init\n", "init without the version that is spoken"},
      {"cmd=init pmi_version=one\n", "init without the version that is spoken"},
      {"cmd=init pmi_version=2\nxxxxxx",
       "pmi-2 message xxxxxx: its length is expected in the first six bytes"},
      {"cmd=init pmi_version=1\ncmd=barrier_in\ncmd=get_maxes\n",
       "get_maxes comes from within a fence"}};
  for (const auto& [bytes, why] : cases) {
    PmiNodes nodes(1);
    nodes.say(1, bytes);
    nodes.say(1, "cmd=again\n");
    ASSERT_EQ(nodes.ends.size(), 1U) << bytes;
    EXPECT_EQ(nodes.ends[0], "task 1 on n1 broke the pmi protocol: " + why);
  }
}

TEST(PmiServer, another_version_than_asked_for_ends_the_step) {
  PmiNodes only_two(1, false, true);
  only_two.greet_all("1");
  ASSERT_FALSE(only_two.ends.empty());
  EXPECT_EQ(only_two.ends[0],
            "task 0 on n1 broke the pmi protocol: it speaks pmi-1, and --mpi asked for pmi2");
  PmiNodes only_one(1, true, false);
  only_one.say(0, "cmd=init pmi_version=2 pmi_subversion=0\n");
  ASSERT_EQ(only_one.ends.size(), 1U);
}

TEST(PmiServer, a_task_that_is_gone_is_not_waited_for) {
  PmiNodes early(1);
  early.greet_all("1");
  early.node(0).task_left(1);
  EXPECT_TRUE(early.ends.empty()) << "what it said last may still be on its way";
  early.node(0).closed(1);
  EXPECT_EQ(early.ends, std::vector<std::string>{"task 1 on n1 ended without MPI_Finalize"});

  PmiNodes silent(1);
  silent.say(0, "cmd=init pmi_version=1 pmi_subversion=1\ncmd=barrier_in\n");
  silent.node(0).closed(1);
  silent.node(0).task_left(1);
  EXPECT_EQ(silent.ends,
            std::vector<std::string>{
                "task 0 on n1 waits in a pmi fence for task 1 on n1, which has ended"});

  PmiNodes late(1);
  late.node(0).task_left(1);
  late.node(0).closed(1);
  EXPECT_TRUE(late.ends.empty()) << "it may be no mpi program";
  late.say(0, "cmd=init pmi_version=1 pmi_subversion=1\ncmd=barrier_in\n");
  EXPECT_EQ(late.ends.size(), 1U);

  PmiNodes done(1);
  done.greet_all("1");
  done.say(1, "cmd=finalize\n");
  done.node(0).closed(1);
  done.node(0).task_left(1);
  EXPECT_TRUE(done.ends.empty());
}

TEST(PmiServer, one_task_cannot_fill_what_all_have_to_exchange) {
  PmiNodes nodes(1);
  nodes.greet_all("1");
  const std::string value(1000, 'v');
  std::string answer = "rc=0";
  int puts = 0;
  while (answer.find("rc=0") != std::string::npos && puts < 5000) {
    answer = nodes.say(
        0, "cmd=put kvsname=cox.7.1.0 key=k" + std::to_string(puts) + " value=" + value + "\n");
    ++puts;
  }
  EXPECT_NE(answer.find("a_task_may_put_1048576_bytes_between_two_fences"), std::string::npos)
      << answer;
}

}  // namespace
}  // namespace cox::stepd
