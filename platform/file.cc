// Plain system calls behind platform/file.h; nothing here is asynchronous.
#include "platform/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "common/text.h"

namespace cox::platform {
namespace {

Code code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return Code::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::not_permitted;
    case ENOSPC:
    case EDQUOT:
      return Code::storage_full;
    default:
      return Code::internal;
  }
}

Failure failed(const std::string& call, const std::string& path, int number = errno) {
  return Failure(system_error(call + " " + quoted(path, 200), number));
}

Result<Descriptor> open_file(const std::string& path, int flags, unsigned mode = 0) {
  Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(mode)));
  if (!fd.is_open()) return failed("open", path);
  return fd;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_directory(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return Failure(fd.error());
  if (::fsync(fd->get()) != 0) return failed("fsync", path);
  return {};
}

Result<void> write_and_rename(int fd,
                              const std::string& temporary,
                              const std::string& path,
                              std::string_view bytes,
                              WriteOptions options) {
  if (auto written = write_all(fd, temporary, bytes); !written) return written;
  if (::fchmod(fd, static_cast<mode_t>(options.mode)) != 0) return failed("chmod", temporary);
  if (options.durable && ::fdatasync(fd) != 0) return failed("fdatasync", temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("rename to", path);
  return {};
}

/// Locks that belong to the open file, not to the process: a query takes nothing, and no close of
/// another descriptor of the same file lets go.
struct flock whole_file() {
  struct flock range {};

  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

/// Empties and removes the directory `name` of `parent`; descriptors keep it from following links.
Result<void> remove_tree_at(int parent, const std::string& name, const std::string& full) {
  const int fd = ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return {};
    if (errno != ENOTDIR && errno != ELOOP) return failed("open", full);
    if (::unlinkat(parent, name.c_str(), 0) != 0 && errno != ENOENT) return failed("remove", full);
    return {};
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> open_dir(::fdopendir(fd), &::closedir);
  if (!open_dir) {
    ::close(fd);
    return failed("open", full);
  }
  while (const dirent* entry = ::readdir(open_dir.get())) {
    const std::string child = entry->d_name;
    if (child == "." || child == "..") continue;
    if (auto gone = remove_tree_at(fd, child, full + "/" + child); !gone) return gone;
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return failed("remove", full);
  }
  return {};
}

}  // namespace

Error system_error(std::string_view doing, int number) {
  std::string text = ::strerror(number);
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z') {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return Error{code_of(number), std::string(doing) + ": " + text};
}

Result<std::string> read_all(int fd, const std::string& name, std::size_t limit) {
  std::string bytes;
  std::size_t filled = 0;
  for (;;) {
    // Files of /proc and cgroups have no size: the buffer grows with what comes.
    if (filled == bytes.size()) bytes.resize(std::min(limit + 1, filled * 2 + 4096));
    const ssize_t got = ::read(fd, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", name);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled > limit) {
      return fail(Code::bad_usage,
                  quoted(name, 200) + ": longer than " + std::to_string(limit) + " bytes");
    }
  }
  bytes.resize(filled);
  return bytes;
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return Failure(fd.error());
  return read_all(fd->get(), path, limit);
}

Result<void> write_all(int fd, const std::string& name, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed("write", name);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> write_file_atomic(const std::string& path,
                               std::string_view bytes,
                               WriteOptions options) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.is_open()) return failed("write", path);
  auto done = write_and_rename(fd.get(), temporary, path, bytes, options);
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return options.durable ? sync_directory(parent_of(path)) : done;
}

Result<void> make_directories(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) == 0) return {};
  const int why = errno;
  if (why == ENOENT && parent_of(path) != path && !path.empty()) {
    if (auto above = make_directories(parent_of(path), mode); !above) return above;
    if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) == 0 || errno == EEXIST) return {};
    return failed("make directory", path);
  }

  struct stat status {};

  // A mounted or automounted directory may answer EROFS or EACCES instead of EEXIST.
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return failed("make directory", path, ENOTDIR);
  }
  return failed("make directory", path, why);
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (!directory) return failed("open", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return failed("read", path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> remove_path(const std::string& path) {
  if (::remove(path.c_str()) == 0 || errno == ENOENT) return {};
  return failed("remove", path);
}

Result<void> remove_tree(const std::string& path) {
  return remove_tree_at(AT_FDCWD, path, path);
}

bool path_exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Result<Descriptor> open_append(const std::string& path, unsigned mode) {
  return open_file(path, O_WRONLY | O_CREAT | O_APPEND, mode);
}

Result<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), &::free);
  if (!resolved) return failed("find", path);
  return std::string(resolved.get());
}

Result<FileIdentity> FileIdentity::of(const std::string& path) {
  struct stat found {};

  if (::stat(path.c_str(), &found) != 0) return failed("find", path);
  return FileIdentity{found.st_dev, found.st_ino};
}

bool is_still(const std::string& path, const FileIdentity& file) {
  const auto found = FileIdentity::of(path);
  return found ? *found == file : found.error().code != Code::not_found;
}

Result<LockFile> LockFile::acquire(const std::string& path) {
  for (;;) {
    auto fd = open_file(path, O_RDWR | O_CREAT, 0600);
    if (!fd) return Failure(fd.error());
    if (::fchmod(fd->get(), 0600) != 0) return failed("close to others", path);
    struct flock range = whole_file();
    if (::fcntl(fd->get(), F_OFD_SETLK, &range) != 0) {
      if (errno != EAGAIN && errno != EACCES) return failed("lock", path);
      const auto holder = read_all(fd->get(), path, 64);
      const std::string who = holder ? quoted(trim(*holder), 20) : "?";
      return fail(Code::refused, quoted(path, 200) + ": held by process " + who);
    }

    // Between open and lock the last holder may have removed the file: then ours has no name.
    struct stat found {};

    if (::fstat(fd->get(), &found) != 0) return failed("look at", path);
    const FileIdentity ours{found.st_dev, found.st_ino};
    if (!is_still(path, ours)) continue;
    if (::ftruncate(fd->get(), 0) != 0) return failed("truncate", path);
    auto written = write_all(fd->get(), path, std::to_string(::getpid()) + "\n");
    if (!written) return Failure(written.error());
    return LockFile(path, std::move(*fd), ours);
  }
}

LockFile::~LockFile() {
  if (is_held()) ::unlink(path_.c_str());
}

Result<int> lock_holder(const std::string& path) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd && fd.error().code == Code::not_found) return 0;
  if (!fd) return Failure(fd.error());
  struct flock range = whole_file();
  if (::fcntl(fd->get(), F_OFD_GETLK, &range) != 0) return failed("lock", path);
  if (range.l_type == F_UNLCK) return 0;
  auto text = read_all(fd->get(), path, 64);
  if (!text) return Failure(text.error());
  const auto pid = parse_u64(trim(*text));
  if (!pid || *pid == 0 || *pid > 0x7fff'ffffU) {
    return fail(Code::bad_usage, quoted(path, 200) + ": no process id: " + quoted(trim(*text), 20));
  }
  return static_cast<int>(*pid);
}

}  // namespace cox::platform
