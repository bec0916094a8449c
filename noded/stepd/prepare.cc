// What a supervisor does before Go.
#include <unistd.h>

#include "noded/stepd/environment.h"
#include "noded/stepd/supervisor.h"

namespace cox::stepd {
namespace {

constexpr const char* cgroup_root = "/sys/fs/cgroup";

}  // namespace

void Supervisor::open_container() {
  if (plan_.container.empty()) {
    return;
  }
  containment_ =
      plan_.containment.empty()
          ? platform::open_containment(cgroup_root, plan_.state_dir)
          : platform::open_known_containment(cgroup_root, plan_.state_dir, plan_.containment);
}

// A wire-up server costs more than all the rest: a step of one task gets one only where the program
// is seen to use MPI. Of several tasks any may, also behind a script.
bool Supervisor::wants_mpi() const {
  switch (plan_.mpi) {
    case MpiKind::pmix:
      return true;
    case MpiKind::automatic:
      return plan_.tasks > 1 || program_.uses_mpi;
    case MpiKind::none:
    case MpiKind::pmi1:
    case MpiKind::pmi2:
      return false;
  }
  return false;
}

Result<void> Supervisor::prepare_mpi() {
  MpiBridge::Out out;
  out.send = [this](std::uint32_t node, const wire::StepMessage& message) {
    star_->send(node, message);
  };
  out.abort = [this](int status, const std::string& message) {
    abort_status_ = status;
    begin_end(EndCause::bad_exit,
              "a task aborted the step with status " + std::to_string(status) +
                  (message.empty() ? "" : ": " + message),
              std::nullopt);
  };
  auto bridge = MpiBridge::open(loop_, plan_, files_.mpi_dir, std::move(out));
  if (bridge) {
    mpi_ = std::move(*bridge);
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    add_open_mpi_environment(plan_, online < 1 ? 1 : static_cast<std::uint32_t>(online),
                             &environment_);
    return {};
  }
  // Without the library the tasks of an MPI program would start as so many singletons. One that is
  // seen to be such a program is refused; of one behind a script Open MPI itself refuses to start.
  const bool is_optional = plan_.mpi == MpiKind::automatic &&
                           bridge.error().code == Code::not_found &&
                           (plan_.tasks == 1 || !program_.links_mpi);
  if (!is_optional) {
    return Failure(bridge.error());
  }
  if (plan_.tasks > 1) {
    mpi_missing_ = bridge.error().message;
    forbid_open_mpi_singletons(&environment_);
  }
  return {};
}

Result<void> Supervisor::prepare_all() {
  if (plan_.mpi == MpiKind::pmi1 || plan_.mpi == MpiKind::pmi2) {
    return fail(Code::bad_usage, "--mpi pmi1 and pmi2 are not supported yet");
  }
  open_container();
  environment_ = common_environment(plan_);
  if (containment_ != nullptr) {
    if (std::string marker = containment_->marker(plan_.container); !marker.empty()) {
      environment_.push_back(std::move(marker));
    }
  }
  if (plan_.mpi != MpiKind::none) {
    program_ = inspect_program(plan_, plan_.argv.front(), environment_);
  }
  auto files = prepare_files(plan_, wants_mpi());
  if (!files) {
    return Failure(files.error());
  }
  files_ = std::move(*files);
  return wants_mpi() ? prepare_mpi() : Result<void>();
}

void Supervisor::prepare() {
  if (phase_ != Phase::preparing) {
    return;
  }
  if (auto prepared = prepare_all(); !prepared) {
    fail_preparation(prepared.error().message, Fault::of_job);
    return;
  }
  phase_ = Phase::prepared;
  if (plan_.go_at_once) {
    go({});
  } else {
    events_.status_changed();
  }
}

void Supervisor::fail_preparation(const std::string& why, Fault fault) {
  failure_ = why;
  fault_ = fault;
  end_without_tasks(EndCause::launch_failed, why);
}

}  // namespace cox::stepd
