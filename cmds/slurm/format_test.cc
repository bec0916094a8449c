// Output formats; trap 7 of what existing tools rely on.
#include "cmds/slurm/format.h"

#include <gtest/gtest.h>

#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

const std::vector<std::string> values = {"12345", "name"};

Result<std::size_t> find(std::string_view name) {
  if (name == "i" || name == "id") return 0;
  if (name == "j" || name == "name") return 1;
  return fail(Code::bad_usage, "no field " + quoted(name));
}

std::string line(const Result<std::vector<Piece>>& pieces) {
  if (!pieces) return pieces.error().message;
  return lay_out_line(*pieces, [](std::size_t field) { return values[field]; });
}

TEST(SlurmFormat, ContractTrap7WithoutAWidthNothingIsPadded) {
  EXPECT_EQ(line(read_letters("%i %j", find)), "12345 name\n");
  EXPECT_EQ(line(read_names("id:|,name:", find)), "12345|name\n");
}

TEST(SlurmFormat, ContractTrap7SeparatorsAreCopiedAsTheyAre) {
  EXPECT_EQ(line(read_letters("%i^^^%j\x1f", find)), "12345^^^name\x1f\n");
  EXPECT_EQ(line(read_names("id:\x1f,name:\x1e", find)), "12345\x1fname\x1e\n");
}

TEST(SlurmFormat, WidthsPadAndCut) {
  EXPECT_EQ(line(read_letters("%8i|%.8i|%3i|", find)), "12345   |   12345|123|\n");
  EXPECT_EQ(line(read_names("id,name:6,name:.6x", find)), "12345               name    namex\n");
}

TEST(SlurmFormat, WhatMustNotBeCutIsNot) {
  auto pieces = read_letters("%3i|", find);
  ASSERT_TRUE(pieces);
  pieces->front().may_cut = false;
  EXPECT_EQ(line(pieces), "12345|\n");
}

TEST(SlurmFormat, MistakesAreTold) {
  EXPECT_EQ(line(read_letters("%k", find)), "no field k");
  EXPECT_EQ(line(read_letters("%8", find)), "Invalid format: a letter is missing after %");
  EXPECT_EQ(line(read_letters("text", find)), "Invalid format: it names no field");
  EXPECT_EQ(line(read_letters("%99999999i", find)), "Invalid width in format: 99999999");
  EXPECT_EQ(line(read_names("id,,name", find)), "no field ");
}

}  // namespace
}  // namespace cox::cmds::slurm
