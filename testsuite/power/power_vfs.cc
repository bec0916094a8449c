// The functions that SQLite calls, over a PowerDisk. Names and result codes are SQLite's.
#include "testsuite/power/power_vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <new>

#include "testsuite/power/power_file.h"

namespace cox::power {
namespace {

PowerDisk& disk_of(sqlite3_vfs* vfs) {
  return *static_cast<PowerDisk*>(vfs->pAppData);
}

/// As SQLite's own VFS for Unix: only journals and logs do, whether or not they are new.
bool syncs_its_directory(int flags) {
  if ((flags & SQLITE_OPEN_CREATE) == 0) return false;
  return (flags & (SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* raw, int flags, int* flags_out) {
  auto* file = new (raw) PowerFile{};
  PowerDisk& disk = disk_of(vfs);
  file->inode = name == nullptr ? std::make_shared<Inode>()
                                : disk.open(name, (flags & SQLITE_OPEN_CREATE) != 0);
  if (file->inode == nullptr) {
    file->~PowerFile();
    return SQLITE_CANTOPEN;
  }
  file->disk = &disk;
  file->path = name == nullptr || (flags & SQLITE_OPEN_DELETEONCLOSE) == 0 ? "" : name;
  file->syncs_directory = name != nullptr && syncs_its_directory(flags);
  file->is_temporary = name == nullptr;
  file->base.pMethods = power_file_methods();
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  PowerDisk& disk = disk_of(vfs);
  if (!disk.exists(name)) return SQLITE_IOERR_DELETE_NOENT;
  if (!disk.remove(name)) return SQLITE_IOERR_DELETE;
  if (sync_directory != 0 && !disk.sync_directory()) return SQLITE_IOERR_DIR_FSYNC;
  return SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* found) {
  PowerDisk& disk = disk_of(vfs);
  *found = disk.exists(name) ? 1 : 0;
  // An empty journal counts as none.
  if (*found == 1 && flags == SQLITE_ACCESS_EXISTS) {
    const InodePtr file = disk.open(name, false);
    *found = file != nullptr && !file->seen.empty() ? 1 : 0;
  }
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  if (std::strlen(name) >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::strcpy(out, name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* out) {
  for (int i = 0; i < size; ++i) out[i] = static_cast<char>(disk_of(vfs).random());
  return size;
}

int sleep_not(sqlite3_vfs*, int microseconds) {
  return microseconds;
}

int current_time(sqlite3_vfs*, sqlite3_int64* out) {
  *out = 212'000'000'000'000;  // milliseconds of the Julian calendar: any date will do
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

struct PowerVfs::Body {
  sqlite3_vfs vfs{};
};

PowerVfs::PowerVfs(PowerDisk& disk) : body_(std::make_unique<Body>()) {
  sqlite3_vfs& vfs = body_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(PowerFile);
  vfs.mxPathname = 512;
  vfs.zName = "power";
  vfs.pAppData = &disk;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep_not;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time;
  sqlite3_vfs_register(&vfs, 1);
  sqlite3_randomness(0, nullptr);  // its generator begins anew, from the disk's
}

PowerVfs::~PowerVfs() {
  sqlite3_vfs_unregister(&body_->vfs);
}

}  // namespace cox::power
