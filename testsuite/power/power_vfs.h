// SQLite on a PowerDisk: while one of these lives, every database that is opened without naming a
// VFS stands on it. One at a time, one thread.
#pragma once

#include <memory>

#include "testsuite/power/power_disk.h"

namespace cox::power {

class PowerVfs {
 public:
  explicit PowerVfs(PowerDisk& disk);
  ~PowerVfs();
  PowerVfs(const PowerVfs&) = delete;
  PowerVfs& operator=(const PowerVfs&) = delete;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace cox::power
