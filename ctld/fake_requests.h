// What users and nodes say to a controller in tests.
#pragma once

#include <cstdint>
#include <string>

#include "ctld/fake_world.h"
#include "wire/model_codec.h"

namespace cox::ctld {

inline constexpr Caller ada{1001, 100, Role::user};
inline constexpr Caller root{0, 0, Role::administrator};

inline wire::ClientRequest submit_script(std::uint64_t number = 1) {
  JobRequest request;
  request.common.edit().directory = "/home/u";
  request.common.edit().components = {Component{}};
  wire::ClientRequest made;
  made.set_number(number);
  wire::put(request, made.mutable_submit()->mutable_request());
  made.mutable_submit()->set_script("#!/bin/sh\ntrue\n");
  made.mutable_submit()->add_environment("A=b");
  return made;
}

inline wire::ClientRequest submit_run() {
  JobRequest request;
  request.common.edit().kind = JobKind::interactive;
  request.common.edit().directory = "/home/u";
  request.common.edit().components = {Component{}};
  request.common.edit().has_initial_step = true;
  request.common.edit().initial_step.argv = {"hostname"};
  wire::ClientRequest made;
  made.set_number(1);
  wire::put(request, made.mutable_submit()->mutable_request());
  made.mutable_submit()->set_attach(true);
  return made;
}

inline wire::NodeMessage prepared(std::uint64_t job, const std::string& endpoint = "") {
  wire::NodeMessage message;
  message.mutable_prepared()->set_job(job);
  message.mutable_prepared()->set_attempt(1);
  message.mutable_prepared()->set_endpoint(endpoint);
  return message;
}

inline wire::NodeMessage closed(std::uint64_t job, int exit_code) {
  wire::NodeMessage message;
  message.mutable_closed()->set_job(job);
  message.mutable_closed()->set_attempt(1);
  StepResult result;
  result.exit_code = exit_code;
  wire::put(result, message.mutable_closed()->mutable_batch_result());
  return message;
}

}  // namespace cox::ctld
