// One run: a private cluster, a closed-loop load, kills at random moments, healing, and the
// verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "testsuite/kills/book.h"
#include "testsuite/kills/sync_log.h"
#include "testsuite/kills/verdict.h"

namespace cox::kills {

struct DriverOptions {
  std::uint64_t kills = 50;
  std::uint64_t seed = 1;
  std::uint32_t nodes = 3;
  std::size_t clients = 8;
  bool long_cuts = false;   // some until a node's jobs are given up
  bool namespaces = false;  // ignored, with a word about it, where they cannot be made
  std::string keep{};       // where a failed run's logs are copied to; empty: nowhere
};

struct Report {
  Book book;
  Verdict verdict;
  SyncJudge syncs;
  double seconds = 0;
  bool had_namespaces = false;
};

Report drive(const DriverOptions& options);

}  // namespace cox::kills
