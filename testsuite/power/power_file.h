// An open file of SQLite on a PowerDisk.
#pragma once

#include <sqlite3.h>

#include <string>

#include "testsuite/power/power_disk.h"

namespace cox::power {

struct PowerFile {
  sqlite3_file base{};  // first: SQLite sees this alone
  PowerDisk* disk = nullptr;
  InodePtr inode;
  std::string path;              // removed when it is closed; empty: stays
  bool syncs_directory = false;  // with its first sync
  bool is_temporary = false;     // of no concern to a power cut
  int lock = SQLITE_LOCK_NONE;
};

const sqlite3_io_methods* power_file_methods();

}  // namespace cox::power
