// What is framed comes back, and nothing damaged does.
#include "ctld/store/record.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace cox::ctld {
namespace {

Result<std::vector<std::string>> read_all(std::string_view body) {
  std::vector<std::string> records;
  auto read = for_each_record(body, [&](std::string_view record) -> Result<void> {
    records.emplace_back(record);
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  return records;
}

TEST(Record, the_checksum_is_crc32c) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(Record, records_come_back_in_order) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& records) {
    std::string body;
    for (const std::string& record : records) append_record(record, &body);
    const auto read = read_all(body);
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == records);
  }));
}

TEST(Record, one_flipped_bit_anywhere_is_noticed) {
  EXPECT_TRUE(rc::check([](const std::string& record) {
    std::string body;
    append_record(record, &body);
    const auto bit = *rc::gen::inRange<std::size_t>(0, body.size() * 8);
    body[bit / 8] = static_cast<char>(body[bit / 8] ^ (1 << (bit % 8)));
    RC_ASSERT(!read_all(body).has_value());
  }));
}

TEST(Record, a_cut_body_is_noticed_and_the_record_named) {
  std::string body;
  append_record("first", &body);
  const std::size_t whole = body.size();
  append_record("second", &body);
  for (std::size_t size = whole + 1; size < body.size(); ++size) {
    const auto read = read_all(std::string_view(body).substr(0, size));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message, "record 1 of the batch is cut off");
  }
}

}  // namespace
}  // namespace cox::ctld
