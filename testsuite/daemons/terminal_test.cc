// Terminals of tasks, and those who look on: cox run --pty, cox attach.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "platform/descriptor.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// A person's terminal, and a command on it.
class Desk {
 public:
  Desk(const Cluster& cluster, const std::string& command) {
    ours_.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_EQ(::unlockpt(ours_.get()), 0);
    theirs_.reset(::ioctl(ours_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    resize(31, 97);
    ::fcntl(ours_.get(), F_SETFL, O_NONBLOCK);
    platform::SpawnRequest request = cluster.shell_request("exec setsid --ctty --wait " + command);
    for (const int number : {0, 1, 2}) request.descriptors[number] = theirs_.get();
    child_ = Child(request);
  }

  void resize(unsigned short rows, unsigned short columns) const {
    winsize size{};
    size.ws_row = rows;
    size.ws_col = columns;
    EXPECT_EQ(::ioctl(ours_.get(), TIOCSWINSZ, &size), 0);
  }

  void type(const std::string& keys) const {
    EXPECT_EQ(::write(ours_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }

  /// Whether `text` comes to be seen on it.
  bool shows(const std::string& text) {
    return eventually([&] { return has_shown(text); });
  }

  bool has_shown(const std::string& text) {
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ours_.get(), buffer, sizeof buffer)) > 0;) {
      seen_.append(buffer, static_cast<std::size_t>(got));
    }
    return seen_.find(text) != std::string::npos;
  }

  /// The line discipline makes lines and signals of keys again.
  bool is_cooked() const {
    termios now{};
    return ::tcgetattr(theirs_.get(), &now) == 0 && (now.c_lflag & ICANON) != 0;
  }

  const std::string& seen() const { return seen_; }

  Child& child() { return child_; }

 private:
  platform::Descriptor ours_, theirs_;
  std::string seen_;
  Child child_;
};

constexpr const char* talk =
    "sh -c 'trap \"echo interrupted\" INT; trap \"stty size\" WINCH; stty -echo; test -t 0 && "
    "test -t 1 && test -t 2 && echo on-a-terminal; stty size; "
    "while :; do read -r line || continue; echo \"said $line\"; test \"$line\" = quit && exit 7; "
    "done'";

TEST(Terminal, of_a_task_is_that_of_the_command) {
  Cluster cluster({.nodes = 1});
  Desk desk(cluster, std::string("cox run --pty ") + talk);
  EXPECT_TRUE(desk.shows("on-a-terminal")) << desk.seen();
  EXPECT_TRUE(desk.shows("31 97")) << desk.seen();
  EXPECT_FALSE(desk.is_cooked()) << "keys are the task's";
  desk.type("hello\n");
  EXPECT_TRUE(desk.shows("said hello")) << desk.seen();
  desk.resize(40, 120);
  EXPECT_TRUE(desk.shows("40 120")) << desk.seen();
  desk.type("\x03");
  EXPECT_TRUE(desk.shows("interrupted")) << desk.seen();
  desk.type("quit\n");
  EXPECT_EQ(desk.child().wait(), 7) << desk.seen();
  EXPECT_TRUE(desk.is_cooked()) << "it is put back";
  cluster.expect_nothing_left();
}

TEST(Terminal, is_shown_to_others_and_takes_their_keys_unless_they_only_look) {
  Cluster cluster({.nodes = 1});
  Desk desk(cluster, std::string("cox run --pty ") + talk);
  ASSERT_TRUE(desk.shows("31 97")) << desk.seen();
  Desk reader(cluster, "cox attach --read-only 1");
  Desk typist(cluster, "cox attach 1.0");
  EXPECT_TRUE(reader.shows("attached to step 1.0 on n1; Ctrl-C leaves it")) << reader.seen();
  EXPECT_TRUE(typist.shows("attached to step 1.0 on n1; Ctrl-] leaves it")) << typist.seen();
  typist.type("from the typist\n");
  EXPECT_TRUE(desk.shows("said from the typist")) << desk.seen();
  EXPECT_TRUE(reader.shows("said from the typist")) << reader.seen();
  typist.type("\x1d");
  EXPECT_EQ(typist.child().wait(), 0) << typist.seen();
  EXPECT_TRUE(typist.is_cooked());
  reader.type("from the reader\n");
  reader.child().signal(SIGKILL);
  reader.child().wait();
  desk.type("still here\n");
  EXPECT_TRUE(desk.shows("said still here")) << desk.seen();
  EXPECT_EQ(desk.seen().find("from the reader"), std::string::npos);
  desk.type("quit\n");
  EXPECT_EQ(desk.child().wait(), 7);
  cluster.expect_nothing_left();
}

TEST(Attached, reader_that_stands_still_or_vanishes_stops_nobody) {
  Cluster cluster({.nodes = 1});
  // The step waits for its readers, and then writes more than any of them is owed.
  Child run(cluster.shell_request(
      "exec cox run sh -c 'while [ ! -e go ]; do sleep 0.1; done; head -c 60000000 /dev/zero; "
      "echo end' > out"));
  Client client = cluster.client();
  ASSERT_TRUE(eventually([&] { return !cluster.supervisors().empty(); }));
  ASSERT_TRUE(client.reaches(1, "RUNNING"));
  Child still(cluster.shell_request("exec cox attach 1 > still 2> still-says"));
  Child gone(cluster.shell_request("exec cox attach 1 > gone 2> gone-says"));
  for (const char* says : {"still-says", "gone-says"}) {
    ASSERT_TRUE(eventually([&] {
      return cluster.file(says).find("attached to step 1.0") != std::string::npos;
    })) << cluster.file(says);
  }
  still.signal(SIGSTOP);
  gone.signal(SIGKILL);
  gone.wait();
  cluster.write("go", "");
  EXPECT_EQ(run.wait(), 0);
  EXPECT_EQ(cluster.shell("wc -c < out").output, "60000004\n");
  still.signal(SIGCONT);
  EXPECT_EQ(still.wait(), 125) << "it was left out";
  cluster.expect_nothing_left();
}

TEST(Attached, what_cannot_be_is_refused_with_where_the_output_is) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const auto job = client.submit(cluster.job("while [ ! -e go ]; do sleep 0.1; done"));
  EXPECT_TRUE(client.reaches(job, "RUNNING"));
  EXPECT_NE(
      cluster.shell("cox attach 1").output.find("has no step that runs (its output: cox logs 1)"),
      std::string::npos);
  EXPECT_NE(cluster.shell("cox attach 1.batch").output.find("a batch script has no terminal"),
            std::string::npos);
  EXPECT_EQ(cluster.shell("cox attach 1.5").output, "cox: no step 1.5\n");
  EXPECT_EQ(cluster.shell("cox attach 9").status, 125);
  EXPECT_EQ(cluster.shell("cox run --pty -o file true").status, 125);
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(job).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(Interrupt, asks_once_and_ends_twice) {
  Cluster cluster({.nodes = 1});
  Desk desk(cluster, "cox run sh -c 'echo up; exec sleep 1000'");
  ASSERT_TRUE(desk.shows("up")) << "before, Ctrl-C takes the step back";
  desk.type("\x03");
  EXPECT_TRUE(desk.shows("step 1.0 on n1: 1 of 1 tasks run; Ctrl-C again within a second"));
  // Two within a second, however slow the machine is.
  EXPECT_TRUE(eventually([&] {
    desk.type("\x03");
    return desk.has_shown("ending the step; once more kills it");
  }));
  EXPECT_EQ(desk.child().wait(), 128 + SIGTERM);
  cluster.expect_nothing_left();
}

// By a shell with job control, as a person has it: stopped, it is no longer in front.
TEST(Stopped, command_leaves_its_tasks_running_and_goes_on_in_front_later) {
  Cluster cluster({.nodes = 1});
  cluster.write("task",
                "echo up; while [ ! -e end ]; do echo beat >> beats; sleep 0.05; done\n"
                "echo over; exit 3\n");
  Desk desk(cluster,
            "sh -mc 'cox run sh task; echo it stands; until [ -e go ]; do sleep 0.05; done; "
            "fg >/dev/null; echo status $?'");
  ASSERT_TRUE(desk.shows("up")) << desk.seen();
  desk.type("\x1a");
  ASSERT_TRUE(desk.shows("it stands")) << desk.seen();
  const std::size_t before = count_lines(cluster.file("beats"), "beat");
  EXPECT_TRUE(eventually([&] { return count_lines(cluster.file("beats"), "beat") > before + 3; }))
      << "its task stands still, too";
  cluster.write("end", "");
  cluster.write("go", "");
  EXPECT_TRUE(desk.shows("status 3")) << desk.seen();
  EXPECT_NE(desk.seen().find("over"), std::string::npos) << desk.seen();
  EXPECT_EQ(desk.child().wait(), 0);
  cluster.expect_nothing_left();
}

TEST(Interrupt, of_a_command_whose_words_nobody_sees_ends_the_step) {
  Cluster cluster({.nodes = 1});
  Child run(cluster.shell_request("exec cox run sh -c 'echo up; exec sleep 1000' > out 2> says"));
  ASSERT_TRUE(cluster.shows("out", "up"));
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 128 + SIGTERM);
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
