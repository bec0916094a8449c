// Large frames of clients: what may be large, and what would grow when it is decoded.
#include "ctld/translate/frame_check.h"

#include <gtest/gtest.h>

namespace cox::ctld {
namespace {

wire::Submit submit(std::size_t script_bytes) {
  wire::Submit submit;
  submit.set_script("#!/bin/sh\n" + std::string(script_bytes, '0'));
  submit.mutable_request()->add_components()->add_devices()->set_name("gpu");
  return submit;
}

TEST(FrameCheck, small_frames_are_left_to_the_decoder) {
  EXPECT_TRUE(check_frame(""));
  EXPECT_TRUE(check_frame(std::string(plain_frame_bytes_max, '\xff')));
}

TEST(FrameCheck, scripts_and_environments_may_be_large) {
  wire::ClientRequest request;
  request.set_number(7);
  *request.mutable_submit() = submit(8U << 20);
  EXPECT_TRUE(check_frame(request.SerializeAsString()));
  request.mutable_create_step()->add_environment("A=" + std::string(2U << 20, ' '));
  EXPECT_TRUE(check_frame(request.SerializeAsString()));
  for (int i = 0; i < 10'000; ++i) {
    *request.mutable_submit_many()->add_jobs() = submit(1'000);
  }
  EXPECT_TRUE(check_frame(request.SerializeAsString()));
}

TEST(FrameCheck, other_requests_may_not) {
  wire::ClientRequest request;
  for (int i = 0; i < 1'100'000; ++i) request.mutable_wait_jobs()->add_jobs(1);
  const auto bytes = request.SerializeAsString();
  const auto checked = check_frame(bytes);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message, "a request of " + std::to_string(bytes.size()) +
                                         " bytes is over the limit of 1048576 for its kind");
  EXPECT_FALSE(check_frame(std::string(2'000'000, '\x0b')));
}

TEST(FrameCheck, many_small_things_in_one_frame_are_counted_before_they_are_made) {
  wire::ClientRequest request;
  request.mutable_submit_many()->add_jobs()->set_script("#!");
  std::string bytes = request.SerializeAsString();
  // Empty jobs behind it: protobuf merges the two halves of a message.
  std::string jobs;
  for (std::size_t i = 0; i < frame_fields_max; ++i) jobs.append("\x0a\0", 2);
  bytes += "\x6a";
  for (std::size_t left = jobs.size(); left != 0; left >>= 7U) {
    bytes += static_cast<char>((left & 0x7FU) | (left > 0x7F ? 0x80U : 0U));
  }
  bytes += jobs;
  const auto checked = check_frame(bytes);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("holds more than 4000000 fields"), std::string::npos);
}

TEST(FrameCheck, a_request_names_a_hundred_thousand_jobs_and_no_more) {
  wire::ClientRequest request;
  for (int i = 0; i < jobs_named_max; ++i) request.mutable_job_action()->add_jobs(1);
  EXPECT_TRUE(check_counts(request));
  request.mutable_job_action()->add_jobs(1);
  const auto counted = check_counts(request);
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().message, "100001 jobs in one request are over the limit of 100000");
}

}  // namespace
}  // namespace cox::ctld
