// coxstepd: supervises one step on one node. Usually forked by the nursery, a coxstepd that
// coxnoded started; as `coxstepd SOCKET` started alone. The daemon's socket is descriptor 3, over
// which the plan comes; listens at SOCKET for later daemons, supervisors of other nodes and
// clients.
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "link/link.h"
#include "noded/stepd/desk.h"
#include "noded/stepd/mpi_bridge.h"
#include "noded/stepd/mpi_probe.h"
#include "noded/stepd/nursery.h"
#include "platform/log_line.h"
#include "platform/loop.h"

namespace {

constexpr int parent_socket = 3;
constexpr unsigned shutdown_seconds_max = 20;

// Descriptors 0 to 2 must be taken, or a file of ours would get their numbers.
void fill_standard_descriptors() {
  int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  while (fd >= 0 && fd <= 2) {
    ::fcntl(fd, F_SETFD, 0);
    fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  }
  ::close(fd);
}

int check_mpi() {
  const auto library = cox::stepd::check_mpi_library();
  std::fprintf(library ? stdout : stderr, "%s\n",
               (library ? *library : library.error().message).c_str());
  std::fflush(stdout);
  ::_exit(library ? 0 : 1);  // what the library started is not waited for
}

/// In the log of the node: our standard error.
void complain(const std::string& what) {
  cox::platform::write_log_line(STDERR_FILENO, "error", 0, "coxstepd: " + what);
}

int serve(const char* socket_path) {
  auto loop = cox::platform::Loop::open();
  if (!loop) {
    complain(loop.error().message);
    return 1;
  }
  auto parent = cox::link::adopt(**loop, parent_socket);
  if (!parent) {
    complain("descriptor 3: " + parent.error().message);
    return 1;
  }
  {
    cox::stepd::Desk desk(**loop, socket_path);
    desk.serve_parent(std::move(*parent));
    for (const int signal : {SIGTERM, SIGINT}) {
      (*loop)->on_signal(signal, [&desk] { desk.terminate(); });
    }
    (*loop)->run();
    // The MPI library's threads are asked to end; should one not, the kernel ends them all.
    ::alarm(shutdown_seconds_max);
  }
  // Nothing else needs taking down, and the kernel does it faster.
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    std::puts("coxstepd " COX_VERSION);
    return 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "--check-mpi") == 0) {
    return check_mpi();
  }
  const auto is_named = [&](const char* name) {
    return argc == 3 && std::strcmp(argv[1], name) == 0;
  };
  if (is_named(cox::stepd::mpi_probe_argument)) {
    ::_exit(cox::stepd::probe_mpi(argv[2]));
  }
  const bool is_guarded = is_named(cox::stepd::guarded_nursery_argument);
  const bool is_nursery = is_guarded || is_named(cox::stepd::nursery_argument);
  if (!is_nursery && (argc != 2 || argv[1][0] != '/')) {
    std::fputs("usage: coxstepd SOCKET   (an absolute path; started by coxnoded)\n", stderr);
    return 2;
  }
  fill_standard_descriptors();
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  std::optional<std::string> socket_path = argv[1];
  if (is_nursery) {
    // The kernel keeps the arguments side by side.
    socket_path = cox::stepd::serve_nursery(is_guarded, argv[1], argv[2] + std::strlen(argv[2]));
    if (!socket_path) {
      return 0;
    }
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  return serve(socket_path->c_str());
}
