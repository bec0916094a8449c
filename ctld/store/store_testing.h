// Builders shared by the tests of the store.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ctld/store/record.h"
#include "ctld/store/sqlite_store.h"

namespace cox::ctld {

inline Batch batch(std::uint64_t first,
                   const std::vector<std::string>& records,
                   Epoch epoch = Epoch(1)) {
  Batch made;
  made.first_sequence = first;
  made.epoch = epoch;
  made.count = static_cast<std::uint32_t>(records.size());
  for (const std::string& record : records) append_record(record, &made.records);
  return made;
}

inline std::unique_ptr<Store> opened(const std::string& directory) {
  auto store = open_sqlite_store(directory);
  EXPECT_TRUE(store) << store.error().message;
  return std::move(*store);
}

inline Result<std::vector<std::string>> loaded(Store& store) {
  std::vector<std::string> records;
  auto read = store.load(0, [&](const FoundRecord& found) -> Result<void> {
    if (!found.is_whole) {
      return fail(Code::internal, "sequence " + std::to_string(found.sequence) + " is not whole");
    }
    records.emplace_back(found.bytes);
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  return records;
}

}  // namespace cox::ctld
