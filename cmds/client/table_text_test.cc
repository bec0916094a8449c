// Tables of any cells, against a plain way to lay them out.
#include "cmds/client/table_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cmds/client/clean_text.h"

namespace cox::cmds {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::size_t columns_of(const std::string& clean) {
  return static_cast<std::size_t>(std::ranges::count_if(
      clean, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string laid_out_plainly(const TableLayout& layout, const Rows& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& header : layout.headers) widths.push_back(header.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns_of(clean_text(row[i])));
    }
  }
  std::string text;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = clean_text(row[i]);
      const std::string blanks(widths[i] - columns_of(cell), ' ');
      line += i == 0 ? "" : "  ";
      line += layout.is_number[i] ? blanks + cell : cell + blanks;
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add(layout.headers);
  for (const auto& row : rows) add(row);
  return text;
}

rc::Gen<std::string> any_cell() {
  return rc::gen::oneOf(
      rc::gen::element<std::string>("", "root", "PENDING", "-", "(Resources)", "n\u00e4me",
                                    "\x1b[2J", std::string(253, 'x'), std::string(254, 'y'),
                                    std::string(255, 'z'), std::string(70'000, 'w')),
      rc::gen::map(rc::gen::inRange(0, 2'000'000), [](int n) { return std::to_string(n); }));
}

RC_GTEST_PROP(TableText, is_what_a_plain_layout_makes, ()) {
  const auto columns = *rc::gen::inRange<std::size_t>(1, 6);
  TableLayout layout;
  for (std::size_t i = 0; i < columns; ++i) {
    layout.headers.push_back(std::string(i + 1, 'H'));
    layout.is_number.push_back(*rc::gen::arbitrary<bool>());
  }
  const auto rows =
      *rc::gen::container<Rows>(rc::gen::container<std::vector<std::string>>(columns, any_cell()));
  TableText table(layout);
  for (const auto& row : rows) {
    for (const std::string& cell : row) table.add(cell);
  }
  RC_ASSERT(table.take() == laid_out_plainly(layout, rows));
}

TEST(TableText, OfManyLinesPiecesOfWholeLinesAreWritten) {
  TableLayout layout;
  layout.headers = {"JOB", "NAME"};
  layout.is_number = {true, false};
  TableText table(layout);
  for (int i = 0; i < 50'000; ++i) {
    table.add(std::to_string(i));
    table.add(i % 3 == 0 ? "other" : "sample");
  }
  std::string all;
  std::size_t pieces = 0;
  ASSERT_TRUE(table.write([&](std::string_view lines) -> Result<void> {
    EXPECT_TRUE(lines.ends_with('\n'));
    all += lines;
    ++pieces;
    return {};
  }));
  EXPECT_GT(pieces, 5U);
  EXPECT_EQ(std::ranges::count(all, '\n'), 50'001);
  EXPECT_TRUE(all.ends_with("49999  sample\n"));
  EXPECT_NE(all.find("\n 3333  other\n 3334  sample\n"), std::string::npos);
}

TEST(TableText, ThatCannotBeWrittenEndsAtOnce) {
  TableLayout layout;
  layout.headers = {"JOB"};
  layout.is_number = {true};
  TableText table(layout);
  for (int i = 0; i < 50'000; ++i) table.add(std::to_string(i));
  int pieces = 0;
  const auto written = table.write([&](std::string_view) -> Result<void> {
    ++pieces;
    return fail(Code::refused, "full");
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "full");
  EXPECT_EQ(pieces, 1);
}

}  // namespace
}  // namespace cox::cmds
