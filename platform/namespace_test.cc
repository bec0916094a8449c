// Emulated nodes on the real kernel, each entered in a child process, as root and as nobody.
#include "platform/namespace.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "common/text.h"
#include "platform/file.h"
#include "platform/namespace_network.h"
#include "platform/process.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

constexpr uid_t nobody = 65'534;

/// What `work` returns in a child process of its own (with our rights, or those of nobody).
std::string in_child(bool as_nobody, const std::function<std::string()>& work) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (as_nobody &&
        (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0 ||
         ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)) {
      ::_exit(2);
    }
    const bool written = write_all(ends[1], "pipe", work()).has_value();
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text = read_all(ends[0], "pipe", 1U << 20).value_or("");
  ::close(ends[0]);
  EXPECT_EQ(exit_code_of(wait_for(child).value()), 0);
  return text;
}

std::string output_of(const std::string& line) {
  std::string out;
  FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) return "?";
  for (int c = ::fgetc(pipe); c != EOF; c = ::fgetc(pipe)) out.push_back(static_cast<char>(c));
  ::pclose(pipe);
  return std::string(trim(out));
}

class EmulatedNodes : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && ::geteuid() != 0) GTEST_SKIP() << "becoming nobody needs root";
    ASSERT_EQ(::chmod(dir_.path().c_str(), 0777), 0);
    const std::string works = in_child(GetParam(), [this] {
      return std::string(enter_emulated_node(node(0)).has_shm ? "yes" : "no");
    });
    if (works == "no") GTEST_SKIP() << "this system allows no namespaces";
  }

  void TearDown() override { EXPECT_TRUE(cleanup_emulated_network(dir_.path())); }

  EmulatedNode node(unsigned index) const {
    EmulatedNode out;
    out.cluster_dir = dir_.path();
    out.index = index;
    out.name = "emu" + std::to_string(index);
    out.network = false;
    return out;
  }

  ScratchDir dir_;
};

TEST_P(EmulatedNodes, HaveTheirOwnHostnameAndSharedMemory) {
  const std::string seen = in_child(GetParam(), [this] {
    const Emulation has = enter_emulated_node(node(3));
    static_cast<void>(write_file_atomic("/dev/shm/cox_test_private", "x"));
    return has.description + "|" + output_of("hostname") + "|" + output_of("ls /dev/shm") + "|" +
           output_of("getent hosts emu3");
  });
  const auto parts = split(seen, '|');
  ASSERT_EQ(parts.size(), 4U) << seen;
  EXPECT_EQ(parts[0], "own hostname and /dev/shm; network shared: not asked for");
  EXPECT_EQ(parts[1], "emu3");
  EXPECT_EQ(parts[2], "cox_test_private");
  EXPECT_EQ(parts[3].substr(0, 9), "127.0.0.1");
  EXPECT_FALSE(path_exists("/dev/shm/cox_test_private"));
}

TEST_P(EmulatedNodes, TasksSeeTheirOwnUserAndHaveNoCapability) {
  const std::string seen = in_child(GetParam(), [this] {
    enter_emulated_node(node(0));
    return output_of("id -u; id -g; grep CapEff /proc/self/status | cut -f2");
  });
  if (GetParam()) {
    EXPECT_EQ(seen, "65534\n65534\n0000000000000000");
  } else {
    EXPECT_EQ(seen.substr(0, 3), std::to_string(::geteuid()) + "\n" + std::to_string(::getegid()));
  }
}

TEST_P(EmulatedNodes, ReachUnixSocketsByPathWithTheirCredentials) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = dir_ / "s";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, generic, sizeof(address)), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0777), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  const std::string seen = in_child(GetParam(), [&] {
    EmulatedNode wanted = node(1);
    wanted.network = true;
    enter_emulated_node(wanted);
    const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
    return std::string(::connect(client, generic, sizeof(address)) == 0 ? "connected" : "refused");
  });
  EXPECT_EQ(seen, "connected");
  const int peer = ::accept(listener, nullptr, nullptr);
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  ASSERT_EQ(::getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &credentials, &size), 0);
  EXPECT_EQ(credentials.uid, GetParam() ? nobody : ::geteuid());
  ::close(peer);
  ::close(listener);
}

TEST_P(EmulatedNodes, SayWhatTheyDoNotHave) {
  const std::string seen = in_child(GetParam(), [this] {
    EmulatedNode wanted = node(0);
    wanted.name = "no host name";
    wanted.network = GetParam();
    return enter_emulated_node(wanted).description;
  });
  EXPECT_EQ(seen, std::string("own /dev/shm; no host name: no host name; network shared: ") +
                      (GetParam() ? "not root" : "not asked for"));
}

INSTANTIATE_TEST_SUITE_P(As, EmulatedNodes, ::testing::Values(false, true), [](const auto& chosen) {
  return std::string(chosen.param ? "nobody" : "ourselves");
});

class EmulatedNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "networks need root";
    const auto works = open_emulated_network(dir_.path(), 0);
    if (!works) GTEST_SKIP() << works.error().message;
  }

  void TearDown() override {
    EXPECT_TRUE(cleanup_emulated_network(dir_.path()));
    EXPECT_TRUE(cleanup_emulated_network(dir_.path()));
    const std::string name = emulated_network_name(dir_.path()).value();
    EXPECT_FALSE(path_exists("/run/netns/" + name));
    EXPECT_FALSE(path_exists("/run/netns/" + name + "-0"));
  }

  EmulatedNode node(unsigned index) const {
    return {.cluster_dir = dir_.path(),
            .index = index,
            .name = "emu" + std::to_string(index),
            .nodes = {"emu0", "emu1"},
            .shm_bytes = 1 << 20,
            .network = true};
  }

  ScratchDir dir_;
};

TEST_F(EmulatedNetwork, NodesReachEachOtherByNameAndTheirPortsAreDistinct) {
  const std::string first = in_child(false, [this] {
    const Emulation has = enter_emulated_node(node(0));
    return has.description + "|" + has.address + "|" + output_of("getent hosts emu1");
  });
  EXPECT_EQ(first, "own hostname, /dev/shm and network|10.217.0.1|10.217.0.2      emu1");
  const std::string second = in_child(false, [this] {
    enter_emulated_node(node(1));
    // Node 0 has no process now, but its namespace is named and answers.
    return output_of("timeout 5 bash -c 'echo > /dev/tcp/emu0/9' 2>&1; ip -br addr show dev eth0");
  });
  EXPECT_NE(second.find("Connection refused"), std::string::npos) << second;
  EXPECT_NE(second.find("10.217.0.2/16"), std::string::npos) << second;
}

TEST_F(EmulatedNetwork, ADaemonStartedAgainEntersTheSameNetwork) {
  const auto look = [this] {
    return in_child(false, [this] {
      enter_emulated_node(node(0));
      return output_of("readlink /proc/self/ns/net");
    });
  };
  const std::string first = look();
  EXPECT_EQ(first, look());
  EXPECT_NE(first, output_of("readlink /proc/self/ns/net"));
}

/// As after a start from another mount namespace, where the name is the file below the mount.
TEST_F(EmulatedNetwork, ANodeWhoseNetworkHasNoNameHereIsCutOff) {
  const std::string file = "/run/netns/" + emulated_network_name(dir_.path()).value() + "-1";
  ASSERT_TRUE(write_file_atomic(file, ""));
  const std::string seen = in_child(false, [this] {
    const Emulation has = enter_emulated_node(node(1));
    return has.cut_off + "|" + (has.has_network ? "own" : "shared");
  });
  EXPECT_EQ(seen.find(file + ": is no network here"), 0U) << seen;
  EXPECT_EQ(seen.substr(seen.find('|')), "|shared");
}

TEST(EmulatedNetworkNames, DependOnTheDirectoryAlone) {
  const ScratchDir one;
  const ScratchDir two;
  EXPECT_EQ(emulated_network_name(one.path()), emulated_network_name(one / "."));
  EXPECT_NE(emulated_network_name(one.path()), emulated_network_name(two.path()));
  EXPECT_EQ(emulated_network_name(one.path())->size(), 12U);
  EXPECT_FALSE(emulated_network_name("/nonexistent"));
  EXPECT_EQ(emulated_address(0), "10.217.0.1");
  EXPECT_EQ(emulated_address(249), "10.217.0.250");
  EXPECT_EQ(emulated_address(250), "10.217.1.1");
}

}  // namespace
}  // namespace cox::platform
