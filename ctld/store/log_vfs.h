// A VFS of SQLite between the journal and the system's, for its write-ahead log alone: what SQLite
// writes in many pieces reaches the file in one call, and the file grows ahead of need, so that the
// sync of a commit writes data and no metadata. Why: docs/adr/0018-log-written-ahead.md
#pragma once

#include <memory>
#include <string>

namespace cox::ctld {

class LogVfs {
 public:
  /// Over the VFS named `base`; empty: SQLite's default one. Known to SQLite as name() while this
  /// lives, which must be longer than any database opened with it.
  explicit LogVfs(const std::string& base);
  ~LogVfs();
  LogVfs(const LogVfs&) = delete;
  LogVfs& operator=(const LogVfs&) = delete;

  /// The base's name with something behind it.
  const std::string& name() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace cox::ctld
