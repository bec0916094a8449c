// Files as the daemons need them: whole reads with a limit, atomic writes, directories, and the
// lock file that lets only one daemon own a directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::platform {

/// An Error for the call that failed with `number`: "open /x/y: permission denied". Missing files
/// are not_found, refusals of the system not_permitted, a full disk storage_full, else internal.
Error system_error(std::string_view doing, int number);

/// The whole file. error: not_found, not_permitted; bad_usage when it is longer than `limit`
Result<std::string> read_file(const std::string& path, std::size_t limit);
/// The same from an open descriptor, from its position on; `name` is for messages.
Result<std::string> read_all(int fd, const std::string& name, std::size_t limit);

struct WriteOptions {
  unsigned mode = 0644;
  bool durable = false;  // on disk before the call returns, the directory's entry too
};

/// Replaces the file in one step: readers see the old or the new text, a crash leaves one of them.
Result<void> write_file_atomic(const std::string& path,
                               std::string_view bytes,
                               WriteOptions options = {});
/// Writes all of `bytes`, through short writes and signals.
Result<void> write_all(int fd, const std::string& name, std::string_view bytes);

/// Makes `path` and what is missing above it. An existing directory is kept as it is.
Result<void> make_directories(const std::string& path, unsigned mode = 0755);
/// Names in a directory without "." and "..", sorted. error: not_found, not_permitted
Result<std::vector<std::string>> list_directory(const std::string& path);
/// A file or an empty directory; what is not there is no error.
Result<void> remove_path(const std::string& path);
/// A directory with all that is in it, without following links out of it; missing is no error.
Result<void> remove_tree(const std::string& path);
bool path_exists(const std::string& path);
/// Opens for appending, made when missing: a daemon's log.
Result<Descriptor> open_append(const std::string& path, unsigned mode = 0644);
/// Absolute, without links. error: not_found
Result<std::string> real_path(const std::string& path);

/// Which file it is, whatever its name: to see later whether a name still means it.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  /// error: not_found
  static Result<FileIdentity> of(const std::string& path);
  bool operator==(const FileIdentity&) const = default;
};

/// Whether `path` is still the file that it was: neither removed nor replaced. Where that cannot be
/// seen (a directory that was closed to us), it is.
bool is_still(const std::string& path, const FileIdentity& file);

/// Holds an exclusive lock on a file for as long as it lives; the file holds our process id.
/// The lock goes with the process, so that no file of a killed daemon has to be believed. Others
/// may not read the file: who can open it could keep the next one out with a lock of his own.
class LockFile {
 public:
  /// error: refused names the process that holds it
  static Result<LockFile> acquire(const std::string& path);
  LockFile(LockFile&&) noexcept = default;
  LockFile& operator=(LockFile&&) noexcept = default;
  /// Removes the file, if this still holds it.
  ~LockFile();

  const std::string& path() const { return path_; }

  /// False once the file was removed or another stands in its place: then the lock keeps nobody
  /// out.
  bool is_held() const { return fd_.is_open() && is_still(path_, identity_); }

 private:
  LockFile(std::string path, Descriptor fd, FileIdentity identity)
      : path_(std::move(path)), fd_(std::move(fd)), identity_(identity) {}

  std::string path_;
  Descriptor fd_;
  FileIdentity identity_;
};

/// The process that holds the lock of `path` now; 0 when nobody does. A file left behind by a
/// killed daemon counts as nobody. error: bad_usage when the file holds no process id
Result<int> lock_holder(const std::string& path);

}  // namespace cox::platform
