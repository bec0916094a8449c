// A MUNGE of the test's own, for clusters over TCP.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/file.h"
#include "platform/random.h"
#include "testsuite/daemons/processes.h"

namespace cox::daemons {

/// A munged at the socket where everybody looks, in a /run that only this process and its children
/// see.
class OwnMunge {
 public:
  OwnMunge() {
    if (::unshare(CLONE_NEWNS) != 0) return;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    if (::mount("tmpfs", "/run", "tmpfs", 0, "mode=755,size=1m") != 0) return;
    ::mkdir("/run/munge", 0755);
    const auto key = platform::random_bytes(128);
    if (!platform::write_file_atomic("/run/munge/key", key, {.mode = 0600})) return;
    platform::SpawnRequest request;
    request.program = "/usr/sbin/munged";
    request.argv = {"munged",
                    "--foreground",
                    "--key-file=/run/munge/key",
                    "--log-file=/run/munge/log",
                    "--pid-file=/run/munge/pid",
                    "--seed-file=/run/munge/seed",
                    "--socket=/run/munge/munge.socket.2"};
    if (!platform::path_exists(request.program)) return;
    daemon_ = Child(request);
    runs_ = eventually([] { return platform::path_exists("/run/munge/munge.socket.2"); });
  }

  ~OwnMunge() { static_cast<void>(daemon_.end(SIGTERM)); }

  OwnMunge(const OwnMunge&) = delete;
  OwnMunge& operator=(const OwnMunge&) = delete;

  bool runs() const { return runs_; }

 private:
  Child daemon_;
  bool runs_ = false;
};

}  // namespace cox::daemons
