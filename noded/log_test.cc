// What stands in a node's log, by whomever it was written.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "common/text.h"
#include "noded/played_controller.h"

namespace cox::noded {
namespace {

/// Says at `path` what no peer says.
void send_nonsense(const std::string& path) {
  const platform::Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(platform::write_all(fd.get(), "socket", std::string(64, '\xFF')));
}

TEST(NodeDaemonLog, a_supervisors_line_has_an_instant_and_a_level_as_the_daemons_have) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "echo there > there.new; mv there.new there; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("there"));
  send_nonsense(controller.dir() / "steps-n1/7.1.4294967280");
  const std::string told = " warning supervisor of step 7.1.batch: ";
  EXPECT_TRUE(controller.run_until_seen([&] {
    return controller.file("log").find(told) != std::string::npos;
  })) << controller.file("log");
  const std::string log = controller.file("log");  // split() gives views into it
  for (const auto line : split(trim(log), '\n')) {
    const auto words = split(line, ' ');
    ASSERT_GT(words.size(), 2U) << line;
    EXPECT_EQ(words[0].size(), std::string("2026-11-30T10:00:00.000000Z").size()) << line;
    EXPECT_TRUE(words[1] == "info" || words[1] == "warning" || words[1] == "error") << line;
  }
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
}

}  // namespace
}  // namespace cox::noded
