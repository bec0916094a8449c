// Rows that history.db cannot take now and memory should not hold: a file without a name in the
// state directory, read in the order in which it was written. A crash loses it, which loses
// nothing: the journal keeps the facts until their rows are in history.db. Of one thread alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "common/result.h"
#include "ctld/store/history.h"
#include "platform/descriptor.h"

namespace cox::ctld {

class HistoryPark {
 public:
  /// error: as platform::system_error
  static Result<HistoryPark> open(const std::string& directory);

  /// Puts `rows` behind all others. error: storage_full or internal; the file is as it was
  Result<void> put(const HistoryRows& rows);
  /// The rows that wait longest, which are taken out. There must be some.
  /// error: internal when the file does not give them back; none of them can be had any more
  Result<std::shared_ptr<const HistoryRows>> take();

  bool empty() const { return read_to_ == written_to_; }

  std::uint64_t bytes() const { return written_to_ - read_to_; }

 private:
  explicit HistoryPark(platform::Descriptor file) : file_(std::move(file)) {}

  Result<std::string> read(std::uint64_t at, std::size_t count) const;

  void give_back();

  platform::Descriptor file_;
  std::uint64_t read_to_ = 0, written_to_ = 0, given_back_ = 0;
};

}  // namespace cox::ctld
