// See shared_memory.h.
#include "noded/stepd/pmix/shared_memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace cox::stepd {
namespace {

constexpr std::string_view prefix = "cox-mpi-";

// A locked descriptor of the directory itself, never of what a link there points to; -1 when it is
// locked already, or no directory.
int lock_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

void remove_tree(const std::string& path) {
  std::error_code ignored;  // what cannot be removed is another user's or already gone
  std::filesystem::remove_all(path, ignored);
}

// A leftover is ours to remove when its maker's lock is free. A user may plant such a name: then a
// directory of that user's goes, or a link itself; what a link points to is never followed.
void sweep(const std::string& root) {
  DIR* entries = ::opendir(root.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (name.substr(0, prefix.size()) != prefix) continue;
    const std::string path = root + '/' + std::string(name);
    const int fd = lock_directory(path);
    if (fd < 0) continue;
    remove_tree(path);
    ::close(fd);
  }
  ::closedir(entries);
}

}  // namespace

SharedMemory::SharedMemory(std::string root,
                           const std::string& name,
                           std::uint32_t uid,
                           std::uint32_t gid) {
  sweep(root);
  const std::string path = std::move(root) + '/' + std::string(prefix) + name;
  // Another supervisor's sweep may take the directory before we have its lock: make it again.
  for (int attempt = 0; attempt < 5 && lock_ < 0; ++attempt) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return;
    lock_ = lock_directory(path);

    struct stat found {};

    if (lock_ >= 0 && (::fstat(lock_, &found) != 0 || found.st_nlink == 0)) {
      ::close(lock_);
      lock_ = -1;
    }
  }
  if (lock_ < 0) return;
  path_ = path;
  // Handed over through the descriptor, so that nobody can put a link in between.
  if (::geteuid() != uid && ::fchown(lock_, uid, gid) != 0) {
    remove_tree(path_);
    path_.clear();
  }
}

SharedMemory::~SharedMemory() {
  if (!path_.empty()) remove_tree(path_);
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace cox::stepd
