// What a supervisor tells of the binding of its tasks: before they start what is planned, once they
// run what differs from it.
#include "noded/stepd/binding_check.h"
#include "noded/stepd/supervisor.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr std::size_t differences_bytes_max = 1000;

std::string of_task(const std::vector<std::string>& all, std::uint32_t local) {
  return local < all.size() ? all[local] : std::string();
}

}  // namespace

void Supervisor::tell(const std::string& text) {
  if (plan_.is_root()) {
    clients_->tell(text);
    return;
  }
  wire::StepMessage message;
  message.mutable_told()->set_text(text);
  tree_->send(0, message);
}

void Supervisor::tell_binding() {
  if (plan_.is_batch) {
    return;
  }
  const std::string prefix = "binding on " + plan_.node_name + ": ";
  if (!plan_.not_bound.empty()) {
    tell(prefix + "not bound: " + plan_.not_bound);
  }
  for (const std::string& line : plan_.binding_map) {
    tell(prefix + line);
  }
}

void Supervisor::check_bindings() {
  if (tasks_ == nullptr || (plan_.task_cpus.empty() && plan_.task_memory.empty())) {
    return;
  }
  for (const auto& [pid, rank] : tasks_->live()) {
    const std::uint32_t local = plan_.local_of(rank);
    const std::string differs =
        check_binding(pid, {of_task(plan_.task_cpus, local), of_task(plan_.task_memory, local)});
    if (differs.empty()) {
      continue;
    }
    const std::string text =
        "task " + std::to_string(rank) + " on " + plan_.node_name + " " + differs;
    tell("binding differs: " + text);
    if (binding_differences_.size() + text.size() < differences_bytes_max) {
      binding_differences_ += (binding_differences_.empty() ? "binding differs: " : "; ") + text;
    }
  }
}

}  // namespace cox::stepd
