// See wording.h. The controller's form is that of core/schedule/misfit.cc: --gres and the devices.
#include "cmds/client/wording.h"

#include <algorithm>

#include "cmds/client/views.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

std::string device_text(const DeviceRequest& one) {
  return one.name + (one.type.empty() ? "" : ":" + one.type) + ":" + std::to_string(one.count);
}

std::string controllers(const std::vector<std::string>& devices) {
  return "--gres " + quoted(join(devices, ",")) + ":";
}

}  // namespace

Wording wording_of(const RequestDraft& draft) {
  Wording wording;
  if (draft.gpus_typed.empty() || draft.job.common->components.empty()) return wording;
  std::vector<std::string> all;
  std::vector<std::string> others;
  for (const DeviceRequest& one : draft.job.common->components.front().devices) {
    all.push_back(device_text(one));
    if (one.name == "gpu" && one.type == draft.gpu_type) {
      wording.emplace_back(controllers({all.back()}), draft.gpus_typed + ":");
    } else {
      others.push_back(all.back());
    }
  }
  if (all.size() < 2) return wording;
  wording.emplace_back(controllers(all), draft.gpus_typed + " " + controllers(others));
  return wording;
}

Error reworded(Error error, const Wording& wording) {
  for (const auto& [said, typed] : wording) {
    for (std::size_t at = error.message.find(said); at != std::string::npos;
         at = error.message.find(said, at + typed.size())) {
      error.message.replace(at, said.size(), typed);
    }
  }
  return error;
}

std::string wait_text(const wire::JobView& job) {
  if (job.state() != "PENDING" || job.reason().empty() || job.reason() == "None") return "";
  const std::string id = id_text(job);
  return "job " + id + " waits: " + job.reason() + " (see: cox why " + id + ")";
}

Error unanswered(Error error) {
  error.message += "; the job may be queued all the same (see: cox queue)";
  return error;
}

}  // namespace cox::cmds
