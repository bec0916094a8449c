// What a supervisor does before Go.
#include <unistd.h>

#include "noded/stepd/environment.h"
#include "noded/stepd/slurm_environment.h"
#include "noded/stepd/supervisor.h"
#include "platform/process.h"

namespace cox::stepd {
namespace {

constexpr const char* cgroup_root = "/sys/fs/cgroup";

// Slurm has one name for both protocols of PMI_FD.
std::string slurm_mpi_type(const MpiOffer& offer) {
  return offer.pmix ? "pmix" : offer.has_pmi() ? "pmi2" : "none";
}

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

Result<void> Supervisor::prepare_mpi(const MpiOffer& offer) {
  MpiBridge::Out out;
  out.send = [this](std::uint32_t node, const wire::StepMessage& message) {
    tree_->send(node, message);
  };
  out.send_all = [this](const wire::StepMessage& message) { tree_->send_all(message, 0); };
  out.abort = [this](int status, const std::string& message) {
    abort_status_ = status;
    begin_end(EndCause::bad_exit,
              "a task aborted the step with status " + std::to_string(status) +
                  (message.empty() ? "" : ": " + message),
              std::nullopt);
  };
  out.broken = [this](const std::string& why) { begin_end(EndCause::bad_exit, why, std::nullopt); };
  mpi_ = std::make_unique<MpiBridge>(loop_, plan_, std::move(out));
  if (offer.has_pmi()) {
    if (auto opened = mpi_->open_pmi(offer); !opened) {
      return opened;
    }
  }
  if (offer.pmix) {
    if (auto opened = open_pmix(); !opened) {
      return opened;
    }
  }
  // Should there be Open MPI all the same, it must not start so many worlds of one.
  if (!offer.pmix && program_.is_seen_without_mpi() && plan_.mpi == MpiKind::automatic) {
    forbid_open_mpi_singletons(&environment_);
  }
  if (!mpi_->has_servers()) {
    mpi_.reset();
  }
  return {};
}

Result<void> Supervisor::open_pmix() {
  const auto opened = mpi_->open_pmix(files_.mpi_dir);
  if (opened) {
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    add_open_mpi_environment(plan_, online < 1 ? 1 : static_cast<std::uint32_t>(online),
                             &environment_);
    return {};
  }
  // Without the library the tasks of an MPI program would start as so many singletons. One that is
  // seen to be such a program is refused; of one behind a script Open MPI itself refuses to start.
  const bool is_optional = plan_.mpi == MpiKind::automatic &&
                           opened.error().code == Code::not_found &&
                           (plan_.tasks == 1 || !program_.links_mpi);
  if (!is_optional) {
    return opened;
  }
  if (plan_.tasks > 1) {
    mpi_missing_ = opened.error().message;
    forbid_open_mpi_singletons(&environment_);
  }
  return {};
}

Result<void> Supervisor::prepare_all() {
  open_container();
  environment_ = common_environment(plan_);
  append_to_path(slurm_commands_beside(platform::own_program()), &environment_);
  if (containment_ != nullptr) {
    if (std::string marker = containment_->marker(plan_.container); !marker.empty()) {
      environment_.push_back(std::move(marker));
    }
  }
  if (plan_.mpi != MpiKind::none) {
    program_ = inspect_program(plan_, plan_.argv, environment_);
  }
  const MpiChoice choice = choose_mpi(plan_, program_);
  if (!plan_.is_batch) {
    set_variable(&environment_, "SLURM_MPI_TYPE", slurm_mpi_type(choice.offer));
  }
  auto files = prepare_files(plan_, choice.offer.pmix);
  if (!files) {
    return Failure(files.error());
  }
  files_ = std::move(*files);
  if (plan_.is_root() && !plan_.is_batch) {
    tell("mpi: " + choice.text);
  }
  return choice.offer.has_any() ? prepare_mpi(choice.offer) : Result<void>();
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
  if (plan_.go_at_once && !plan_.stands) {
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
