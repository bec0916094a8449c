// What a view of a job is without what a brief one leaves out (wire/client.proto, JobView).
#pragma once

#include <string>

#include "wire/client.pb.h"

namespace cox::testing {

inline wire::JobView without_request(wire::JobView view) {
  view.clear_request();
  view.clear_steps();
  view.clear_shares();
  view.clear_output_path();
  view.clear_error_path();
  view.clear_counts();
  view.clear_cluster();
  return view;
}

inline wire::JobView as_brief(const wire::JobView& whole) {
  wire::JobView view = without_request(whole);
  if (view.id() == std::to_string(view.job())) view.clear_id();
  view.clear_uid();
  view.clear_gid();
  view.clear_account();
  view.clear_state_letters();
  view.clear_why();
  view.clear_submitted_us();
  view.clear_attempt();
  view.clear_exit_code();
  view.clear_signal();
  view.clear_usage();
  return view;
}

}  // namespace cox::testing
