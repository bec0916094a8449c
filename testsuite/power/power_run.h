// One run from one seed: a journal is written batch by batch on a disk whose power goes again and
// again, and after each cut the ordinary recovery has to find what was acknowledged.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/core.h"
#include "ctld/store/history.h"
#include "ctld/store/store.h"
#include "testsuite/power/power_disk.h"
#include "testsuite/power/power_vfs.h"

namespace cox::power {

struct PowerCounts {
  std::uint64_t cuts = 0;
  std::uint64_t facts = 0;
  std::uint64_t taken_back = 0;  // facts that were under way at a cut and did not survive
};

class PowerRun {
 public:
  explicit PowerRun(std::uint64_t seed);

  /// Empty when every promise was kept, else what was found.
  std::string run(PowerCounts* counts);

 private:
  void make_journal(std::uint64_t seed);
  std::vector<ctld::Batch> next_group();
  ctld::Batch next_batch(std::size_t first);
  void write_until_cut();
  void come_back();
  Result<void> open_files();
  void check_recovery();
  void project(std::size_t to);
  bool write_history();
  void check_history();
  void check_blobs();
  void complain(const std::string& what);

  PowerDisk disk_;
  PowerVfs vfs_{disk_};
  core::Facts journal_;
  std::unique_ptr<ctld::Store> store_;
  std::unique_ptr<ctld::HistoryStore> history_;
  core::State state_;              // after the facts up to projected_
  std::size_t projected_ = 0;      // facts whose rows were made
  ctld::HistoryRows rows_;         // of these, not written yet
  std::size_t in_history_ = 0;     // facts whose rows are written for certain
  std::size_t written_ = 0;        // facts that the store holds for certain
  std::size_t under_way_ = 0;      // facts of the commit that the cut met
  std::vector<std::size_t> ends_;  // where batches of that commit end
  std::vector<ctld::Blob> blobs_;  // of written batches
  std::vector<ctld::Blob> blobs_under_way_;
  std::uint64_t life_ = 1;
  std::string complaint_;
  PowerCounts counts_;
};

}  // namespace cox::power
