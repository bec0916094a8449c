// The log's file: gathered writes, zeros ahead. Names and result codes are SQLite's.
#include "ctld/store/log_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace cox::ctld {

namespace {

// Gathered at most; a transaction that is larger is written in pieces of this.
constexpr std::size_t gathered_max = 1U << 20;
// The file is lengthened by this much at a time, which the commit that needs it pays for. Zeros are
// no frames to SQLite, as the rest of a log that was begun anew is none.
constexpr std::size_t ahead_bytes = 256U << 10;
// SQLite's VFS for Unix takes the low 17 bits of an amount: one of 128 KiB would count as nothing
// written, which is a full disk.
constexpr std::size_t piece_max = 64U << 10;

/// SQLite sees `methods` alone; the base's file stands behind this struct.
struct LogFile {
  sqlite3_file seen{};
  sqlite3_file* base = nullptr;
  std::string gathered;  // to be written at `begin`
  std::int64_t begin = 0;
  std::int64_t size = 0;  // of the base's file

  std::int64_t end() const { return begin + static_cast<std::int64_t>(gathered.size()); }
};

LogFile& as_log(sqlite3_file* file) {
  return *reinterpret_cast<LogFile*>(file);
}

int write_pieces(LogFile& log, const std::string& bytes, std::int64_t at) {
  for (std::size_t done = 0; done < bytes.size(); done += piece_max) {
    const std::size_t size = std::min(piece_max, bytes.size() - done);
    const int code =
        log.base->pMethods->xWrite(log.base, bytes.data() + done, static_cast<int>(size),
                                   at + static_cast<std::int64_t>(done));
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

/// Without room the log grows with its commits, which say what is wrong.
void write_ahead(LogFile& log) {
  static const std::string zeros(ahead_bytes, '\0');
  const std::int64_t from = log.end();
  if (from <= log.size) return;
  log.size = from;
  if (write_pieces(log, zeros, from) == SQLITE_OK) log.size += std::ssize(zeros);
}

/// What finds no room stays gathered: SQLite may count on it, since not every commit is synced.
int write_gathered(LogFile& log) {
  if (log.gathered.empty()) return SQLITE_OK;
  const int code = write_pieces(log, log.gathered, log.begin);
  if (code != SQLITE_OK) return code;
  write_ahead(log);
  log.begin = log.end();
  log.gathered.clear();
  return SQLITE_OK;
}

int close_log(sqlite3_file* file) {
  LogFile& log = as_log(file);
  const int written = write_gathered(log);
  const int closed = log.base->pMethods->xClose(log.base);
  log.~LogFile();
  return written == SQLITE_OK ? closed : written;
}

int read_log(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  LogFile& log = as_log(file);
  if (offset >= log.begin && offset + amount <= log.end()) {
    std::memcpy(out, log.gathered.data() + (offset - log.begin), static_cast<std::size_t>(amount));
    return SQLITE_OK;
  }
  if (!log.gathered.empty() && offset + amount > log.begin && offset < log.end()) {
    if (const int code = write_gathered(log); code != SQLITE_OK) return code;
  }
  return log.base->pMethods->xRead(log.base, out, amount, offset);
}

/// Also over what is gathered: that is how SQLite tries again what found no room.
int write_log(sqlite3_file* file, const void* bytes, int amount, sqlite3_int64 offset) {
  LogFile& log = as_log(file);
  const bool touches = offset >= log.begin && offset <= log.end();
  if (!touches || log.gathered.size() >= gathered_max) {
    if (const int code = write_gathered(log); code != SQLITE_OK) return code;
    log.begin = offset;
  }
  const auto size = static_cast<std::size_t>(amount);
  const auto at = static_cast<std::size_t>(offset - log.begin);
  if (log.gathered.size() < at + size) log.gathered.resize(at + size);
  std::memcpy(log.gathered.data() + at, bytes, size);
  return SQLITE_OK;
}

int truncate_log(sqlite3_file* file, sqlite3_int64 size) {
  LogFile& log = as_log(file);
  if (const int code = write_gathered(log); code != SQLITE_OK) return code;
  const int code = log.base->pMethods->xTruncate(log.base, size);
  if (code == SQLITE_OK) log.size = size;
  return code;
}

int sync_log(sqlite3_file* file, int flags) {
  LogFile& log = as_log(file);
  if (const int code = write_gathered(log); code != SQLITE_OK) return code;
  return log.base->pMethods->xSync(log.base, flags);
}

int size_of_log(sqlite3_file* file, sqlite3_int64* size) {
  const LogFile& log = as_log(file);
  const int code = log.base->pMethods->xFileSize(log.base, size);
  if (!log.gathered.empty()) *size = std::max<sqlite3_int64>(*size, log.end());
  return code;
}

int lock_log(sqlite3_file* file, int level) {
  return as_log(file).base->pMethods->xLock(as_log(file).base, level);
}

int unlock_log(sqlite3_file* file, int level) {
  return as_log(file).base->pMethods->xUnlock(as_log(file).base, level);
}

int check_reserved(sqlite3_file* file, int* out) {
  return as_log(file).base->pMethods->xCheckReservedLock(as_log(file).base, out);
}

int control_log(sqlite3_file* file, int operation, void* argument) {
  return as_log(file).base->pMethods->xFileControl(as_log(file).base, operation, argument);
}

int sector_size(sqlite3_file* file) {
  return as_log(file).base->pMethods->xSectorSize(as_log(file).base);
}

int device_traits(sqlite3_file* file) {
  return as_log(file).base->pMethods->xDeviceCharacteristics(as_log(file).base);
}

/// Of version 1: a log has neither shared memory nor mapped pages.
const sqlite3_io_methods log_methods = {
    1,        close_log,  read_log,       write_log,   truncate_log, sync_log,      size_of_log,
    lock_log, unlock_log, check_reserved, control_log, sector_size,  device_traits, nullptr,
    nullptr,  nullptr,    nullptr,        nullptr,     nullptr};

constexpr std::size_t aligned_log_bytes = (sizeof(LogFile) + alignof(std::max_align_t) - 1) /
                                          alignof(std::max_align_t) * alignof(std::max_align_t);

using Open = int (*)(sqlite3_vfs*, const char*, sqlite3_file*, int, int*);

}  // namespace

/// A copy of the base with its application data, so that its own functions serve it too.
struct LogVfs::Body {
  sqlite3_vfs vfs{};  // first: SQLite sees this alone
  Open open_base = nullptr;
  std::string name;

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    const Open open_base = reinterpret_cast<Body*>(vfs)->open_base;
    if ((flags & SQLITE_OPEN_WAL) == 0) return open_base(vfs, path, file, flags, out);
    auto* behind =
        reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + aligned_log_bytes);
    behind->pMethods = nullptr;
    file->pMethods = nullptr;
    const int code = open_base(vfs, path, behind, flags, out);
    if (code != SQLITE_OK) return code;
    auto* log = new (file) LogFile;
    log->base = behind;
    sqlite3_int64 size = 0;
    if (behind->pMethods->xFileSize(behind, &size) == SQLITE_OK) log->size = size;
    log->seen.pMethods = &log_methods;
    return SQLITE_OK;
  }
};

LogVfs::LogVfs(const std::string& base) : body_(std::make_unique<Body>()) {
  static std::atomic<std::uint64_t> made{0};
  const sqlite3_vfs* found = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
  body_->name = base;
  if (found == nullptr) return;  // opening with that name says so
  body_->vfs = *found;
  body_->open_base = found->xOpen;
  body_->name = std::string(found->zName) + "+log" + std::to_string(++made);
  body_->vfs.pNext = nullptr;
  body_->vfs.zName = body_->name.c_str();
  body_->vfs.xOpen = &Body::open;
  body_->vfs.szOsFile = found->szOsFile + static_cast<int>(aligned_log_bytes);
  sqlite3_vfs_register(&body_->vfs, 0);
}

LogVfs::~LogVfs() {
  if (body_->open_base != nullptr) sqlite3_vfs_unregister(&body_->vfs);
}

const std::string& LogVfs::name() const {
  return body_->name;
}

}  // namespace cox::ctld
