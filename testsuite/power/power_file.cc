// Reads, writes, syncs and locks of one file. Locks and the shared index of a log are of this
// process alone, and gone with it.
#include "testsuite/power/power_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

namespace cox::power {
namespace {

constexpr int shm_locks = SQLITE_SHM_NLOCK;

/// What connections of one process share about a file.
struct Shared {
  std::map<const PowerFile*, int> locks;
  std::vector<std::unique_ptr<char[]>> regions;
  std::map<const PowerFile*, std::array<int, shm_locks>> shm;
};

std::map<const Inode*, Shared>& shared_table() {
  static std::map<const Inode*, Shared> table;
  return table;
}

PowerFile& as_file(sqlite3_file* raw) {
  return *reinterpret_cast<PowerFile*>(raw);
}

Shared& shared(const PowerFile& file) {
  return shared_table()[file.inode.get()];
}

int close_file(sqlite3_file* raw) {
  PowerFile& file = as_file(raw);
  Shared& with = shared(file);
  with.locks.erase(&file);
  with.shm.erase(&file);
  if (with.locks.empty() && with.shm.empty()) shared_table().erase(file.inode.get());
  if (!file.path.empty()) file.disk->remove(file.path);
  file.~PowerFile();
  return SQLITE_OK;
}

int read_file(sqlite3_file* raw, void* out, int amount, sqlite3_int64 offset) {
  const PowerFile& file = as_file(raw);
  if (file.disk->is_off()) return SQLITE_IOERR_READ;
  const auto wanted = static_cast<std::size_t>(amount);
  const auto at = static_cast<std::size_t>(offset);
  const std::string& content = file.inode->seen;
  const std::size_t got = at < content.size() ? std::min(wanted, content.size() - at) : 0;
  if (got != 0) std::memcpy(out, content.data() + at, got);
  if (got == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + got, 0, wanted - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* raw, const void* bytes, int amount, sqlite3_int64 offset) {
  PowerFile& file = as_file(raw);
  const auto at = static_cast<std::uint64_t>(offset);
  const std::string_view all(static_cast<const char*>(bytes), static_cast<std::size_t>(amount));
  if (file.is_temporary) {
    std::string& content = file.inode->seen;
    if (content.size() < at + all.size()) content.resize(at + all.size());
    content.replace(at, all.size(), all);
    return SQLITE_OK;
  }
  if (file.disk->is_full()) return SQLITE_FULL;
  return file.disk->write(*file.inode, at, all) ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int truncate_file(sqlite3_file* raw, sqlite3_int64 size) {
  PowerFile& file = as_file(raw);
  const bool done = file.disk->truncate(*file.inode, static_cast<std::uint64_t>(size));
  return done ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int sync_file(sqlite3_file* raw, int) {
  PowerFile& file = as_file(raw);
  if (file.is_temporary) return SQLITE_OK;
  if (!file.disk->sync(*file.inode)) return SQLITE_IOERR_FSYNC;
  if (file.syncs_directory) {
    if (!file.disk->sync_directory()) return SQLITE_IOERR_DIR_FSYNC;
    file.syncs_directory = false;
  }
  return SQLITE_OK;
}

int file_size(sqlite3_file* raw, sqlite3_int64* out) {
  *out = static_cast<sqlite3_int64>(as_file(raw).inode->seen.size());
  return SQLITE_OK;
}

/// The rules of SQLite's five lock levels, among the connections of this process.
int lock_file(sqlite3_file* raw, int level) {
  PowerFile& file = as_file(raw);
  if (file.lock >= level) return SQLITE_OK;
  for (const auto& [other, held] : shared(file).locks) {
    if (other == &file) continue;
    const bool keeps_out_readers = held >= SQLITE_LOCK_PENDING;
    const bool keeps_out_writers =
        level == SQLITE_LOCK_EXCLUSIVE ? held >= SQLITE_LOCK_SHARED : held >= SQLITE_LOCK_RESERVED;
    if (level == SQLITE_LOCK_SHARED ? keeps_out_readers : keeps_out_writers) return SQLITE_BUSY;
  }
  file.lock = shared(file).locks[&file] = level;
  return SQLITE_OK;
}

int unlock_file(sqlite3_file* raw, int level) {
  PowerFile& file = as_file(raw);
  file.lock = std::min(file.lock, level);
  shared(file).locks[&file] = file.lock;
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* raw, int* out) {
  const auto& locks = shared(as_file(raw)).locks;
  *out = std::ranges::any_of(locks,
                             [](const auto& one) { return one.second >= SQLITE_LOCK_RESERVED; });
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return 4096;
}

int device_traits(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int map_shared(sqlite3_file* raw, int region, int size, int extend, void volatile** out) {
  auto& regions = shared(as_file(raw)).regions;
  const auto index = static_cast<std::size_t>(region);
  *out = nullptr;
  if (index >= regions.size() && extend == 0) return SQLITE_OK;
  while (regions.size() <= index) {
    regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
  }
  *out = regions[index].get();
  return SQLITE_OK;
}

/// Per slot: -1 exclusive, 1 shared, 0 none.
int lock_shared(sqlite3_file* raw, int offset, int count, int flags) {
  PowerFile& file = as_file(raw);
  auto& table = shared(file).shm;
  auto& mine = table.try_emplace(&file).first->second;
  const bool locks = (flags & SQLITE_SHM_LOCK) != 0;
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (int i = offset; i < offset + count && locks; ++i) {
    for (const auto& [other, held] : table) {
      const int there = held[static_cast<std::size_t>(i)];
      if (other != &file && (there < 0 || (exclusive && there > 0))) return SQLITE_BUSY;
    }
  }
  for (int i = offset; i < offset + count; ++i) {
    mine[static_cast<std::size_t>(i)] = !locks ? 0 : exclusive ? -1 : 1;
  }
  return SQLITE_OK;
}

void barrier(sqlite3_file*) {}

int unmap_shared(sqlite3_file* raw, int remove) {
  PowerFile& file = as_file(raw);
  Shared& with = shared(file);
  with.shm.erase(&file);
  if (remove != 0 || with.shm.empty()) with.regions.clear();
  return SQLITE_OK;
}

}  // namespace

const sqlite3_io_methods* power_file_methods() {
  static const sqlite3_io_methods methods = [] {
    sqlite3_io_methods made{};
    made.iVersion = 2;
    made.xClose = close_file;
    made.xRead = read_file;
    made.xWrite = write_file;
    made.xTruncate = truncate_file;
    made.xSync = sync_file;
    made.xFileSize = file_size;
    made.xLock = lock_file;
    made.xUnlock = unlock_file;
    made.xCheckReservedLock = check_reserved;
    made.xFileControl = file_control;
    made.xSectorSize = sector_size;
    made.xDeviceCharacteristics = device_traits;
    made.xShmMap = map_shared;
    made.xShmLock = lock_shared;
    made.xShmBarrier = barrier;
    made.xShmUnmap = unmap_shared;
    return made;
  }();
  return &methods;
}

}  // namespace cox::power
