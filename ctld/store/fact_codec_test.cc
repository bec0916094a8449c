// Facts survive the journal, and the journals of every version are still read.
#include "ctld/store/fact_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "core/repair.h"
#include "ctld/store/fact.pb.h"
#include "ctld/store/fact_samples.h"

namespace cox::ctld {
namespace {

std::string encoded(const core::Fact& fact) {
  std::string bytes;
  encode_fact(fact, &bytes);
  return bytes;
}

std::string golden_path(const core::Fact& fact, unsigned version) {
  return std::string(COX_SOURCE_DIR "/testsuite/golden/facts/") + std::string(fact_name(fact)) +
         ".v" + std::to_string(version) + ".bin";
}

void expect_survives(const core::Fact& fact) {
  const auto decoded = decode_fact(encoded(fact));
  ASSERT_TRUE(decoded) << fact_name(fact) << ": " << decoded.error().message;
  EXPECT_TRUE(same_fact(fact, *decoded)) << fact_name(fact);
}

// With COX_WRITE_GOLDEN set, writes the file if it is missing instead; it never replaces one.
void expect_golden(const core::Fact& fact, unsigned version) {
  const std::string path = golden_path(fact, version);
  std::ifstream file(path, std::ios::binary);
  if (!file && std::getenv("COX_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << encoded(fact);
    return;
  }
  ASSERT_TRUE(file) << path;
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto decoded = decode_fact(bytes);
  ASSERT_TRUE(decoded) << path << ": " << decoded.error().message;
  EXPECT_TRUE(same_fact(fact, *decoded)) << path;
}

TEST(FactCodec, there_is_a_sample_of_every_kind_of_fact) {
  const auto samples = fact_samples();
  ASSERT_EQ(samples.size(), std::variant_size_v<core::Fact>);
  for (std::size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples[i].index(), i);
}

TEST(FactCodec, every_field_of_every_fact_survives) {
  for (const core::Fact& fact : fact_samples()) expect_survives(fact);
  for (const NewerSample& sample : newer_fact_samples()) expect_survives(sample.fact);
}

TEST(FactCodec, a_record_names_the_job_that_its_fact_is_about) {
  for (const core::Fact& fact : fact_samples()) {
    EXPECT_EQ(job_of_record(encoded(fact)), core::job_of(fact)) << fact_name(fact);
  }
}

TEST(FactCodec, golden_files_of_every_version_decode_to_the_stated_facts) {
  for (const core::Fact& fact : fact_samples()) expect_golden(fact, 1);
  for (const NewerSample& sample : newer_fact_samples()) {
    expect_golden(sample.fact, sample.version);
  }
}

TEST(FactCodec, a_kind_of_fact_from_the_future_is_an_error) {
  const auto decoded = decode_fact("");
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Code::internal);
}

TEST(FactCodec, a_value_that_no_version_wrote_is_an_error) {
  store::Fact fact;
  fact.mutable_job_held()->set_hold(99);
  const auto decoded = decode_fact(fact.SerializeAsString());
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message, "hold 99 is impossible");
}

TEST(FactCodec, bytes_of_any_kind_never_crash_it) {
  const auto samples = fact_samples();
  EXPECT_TRUE(rc::check([&samples] {
    std::string bytes = encoded(samples[*rc::gen::inRange<std::size_t>(0, samples.size())]);
    const auto changes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < changes; ++i) {
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    }
    static_cast<void>(decode_fact(bytes));
  }));
}

}  // namespace
}  // namespace cox::ctld
