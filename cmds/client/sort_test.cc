// --sort: cells by what they mean.
#include "cmds/client/sort.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cox::cmds {
namespace {

using Texts = std::vector<std::string>;

/// Every cell sorts before the next.
void expect_ascending(const Texts& cells, bool is_number) {
  for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
    EXPECT_LT(sort_key(cells[i], is_number), sort_key(cells[i + 1], is_number))
        << cells[i] << " before " << cells[i + 1];
  }
}

TEST(Sort, NumbersTimesAmountsAndIdsGoByValue) {
  expect_ascending({"-", "0", "9", "10", "100"}, true);
  expect_ascending({"-", "00:09", "10:00", "1:00:00", "1-00:00:00", "10-00:00:00", "UNLIMITED"},
                   true);
  expect_ascending({"-", "512M", "1G", "1500M", "1T"}, true);
  expect_ascending({"3%", "42%", "100%"}, true);
  expect_ascending({"2", "7", "7_2", "7_10", "10"}, true);
  expect_ascending({"2030-12-31T23:59:59", "2031-01-01T00:00:00"}, true);
  expect_ascending({"-", "Ada", "ada", "bert"}, false);
}

TEST(Sort, ColumnsMayBeTurnedRoundAndUnknownOnesAreRefused) {
  const Texts known{"job", "time"};
  const auto order = sort_columns("-TIME,job", known);
  ASSERT_TRUE(order);
  EXPECT_EQ(order->at(0).column, 1U);
  EXPECT_TRUE(order->at(0).is_descending);
  EXPECT_FALSE(order->at(1).is_descending);
  for (const char* text : {"", "size", "-", "job,,time"}) {
    const auto bad = sort_columns(text, known);
    ASSERT_FALSE(bad) << text;
    EXPECT_THAT(bad.error().message, ::testing::HasSubstr("(columns: job,time)"));
  }
}

struct Row {
  std::string name;
  int size;
};

TEST(Sort, EqualRowsKeepTheOrderOfTheNextColumnAndThenTheirOwn) {
  const std::vector<Column<Row>> columns = {
      {"name", false, true, [](const Row& r) { return r.name; }},
      {"size", true, true, [](const Row& r) { return std::to_string(r.size); }}};
  const std::vector<Row> rows = {{"b", 2}, {"a", 10}, {"c", 2}, {"a", 2}};
  static constexpr OptionSpec table[] = {sort_option};
  static const Command command{
      "list", "", "", [] { return OptionTable(table); }, Operands::anywhere, 0, nullptr};
  const auto sorted = [&](const std::string& by) {
    std::vector<const Row*> pointers;
    for (const Row& row : rows) pointers.push_back(&row);
    const auto given = parse(command, {"--sort=" + by});
    EXPECT_TRUE(sort_rows(*given, columns, &pointers));
    std::string text;
    for (const Row* row : pointers) text += row->name + std::to_string(row->size) + " ";
    return text;
  };
  EXPECT_EQ(sorted("size,name"), "a2 b2 c2 a10 ");
  EXPECT_EQ(sorted("-size"), "a10 b2 c2 a2 ");
  EXPECT_EQ(sorted("name,-size"), "a10 a2 b2 c2 ");
}

}  // namespace
}  // namespace cox::cmds
