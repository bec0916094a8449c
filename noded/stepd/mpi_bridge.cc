// Loading of libcoxpmix.so, and routing of what it and the PMI server have to say. The library is
// never unloaded: it has threads.
#include "noded/stepd/mpi_bridge.h"

#include <dlfcn.h>
#include <unistd.h>

#include "noded/stepd/as_user.h"
#include "noded/stepd/launch.h"
#include "noded/stepd/pmi/pmi_mapping.h"
#include "platform/file.h"
#include "platform/process.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr std::uint32_t private_umask = 077;
constexpr int status_unreachable = -25;  // PMIX_ERR_UNREACH
// The tasks of all nodes fence together in PMI; PMIx names its fences by ranks.
constexpr const char* pmi_fence_id = "pmi";

std::string library_path() {
  const std::string program = platform::own_program();
  const std::string beside = program.substr(0, program.find_last_of('/'));
  for (const char* place : {"/libcoxpmix.so", "/../" COX_LIBDIR "/coxswain/libcoxpmix.so",
                            "/../lib/coxswain/libcoxpmix.so"}) {
    if (std::string path = beside + place; ::access(path.c_str(), R_OK) == 0) {
      return path;
    }
  }
  return {};
}

Result<MpiServerOpen> load_library() {
  const std::string path = library_path();
  if (path.empty()) {
    return fail(Code::not_found,
                "libcoxpmix.so is not installed beside " + platform::own_program());
  }
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Code::internal, std::string("load ") + ::dlerror());
  }
  void* entry = ::dlsym(library, mpi_server_entry);
  if (entry == nullptr) {
    return fail(Code::internal, path + ": no " + mpi_server_entry);
  }
  return reinterpret_cast<MpiServerOpen>(entry);
}

std::string space_name(const StepPlan& plan) {
  return "cox." + std::to_string(plan.key.job.value) + "." +
         std::to_string(plan.key.attempt.value) + "." + step_name(plan.key.step);
}

PmiStep pmi_step_of(const StepPlan& plan, const MpiOffer& offer) {
  PmiStep step;
  step.name = space_name(plan);
  step.node = plan.node_name;
  step.tasks = plan.tasks;
  step.offers_one = offer.pmi1;
  step.offers_two = offer.pmi2;
  for (std::uint32_t task = 0; task < plan.here().tasks; ++task) {
    step.ranks.push_back(plan.rank_of(task));
  }
  std::vector<std::uint32_t> node_of = plan.node_by_rank;
  for (std::uint32_t index = 0; plan.ranks.empty() && index < plan.nodes.size(); ++index) {
    node_of.insert(node_of.end(), plan.nodes[index].tasks, index);
  }
  step.mapping = process_mapping(node_of);
  return step;
}

MpiPlan plan_of(const StepPlan& plan, const std::string& directory) {
  MpiPlan out;
  out.nspace = space_name(plan);
  out.uid = plan.job.common->user.uid;
  out.gid = plan.job.common->user.gid;
  out.tmp_dir = directory;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const PlanNode& node = plan.nodes[i];
    out.nodes.push_back({node.name, node.tasks, node.first_task, {}});
    if (!plan.ranks.empty()) {
      out.nodes.back().ranks = plan.ranks[i];
    }
  }
  out.node_by_rank = plan.node_by_rank;
  out.node_index = plan.node_index;
  return out;
}

}  // namespace

Result<std::string> check_mpi_library() {
  const auto loaded = load_library();
  if (!loaded) {
    return Failure(loaded.error());
  }
  return platform::real_path(library_path());
}

MpiBridge::MpiBridge(platform::Loop& loop, const StepPlan& plan, Out out)
    : loop_(loop),
      plan_(plan),
      out_(std::move(out)),
      fences_(static_cast<std::uint32_t>(plan.nodes.size())) {}

MpiBridge::~MpiBridge() {
  *alive_ = false;
  pmix_.reset();
}

Result<void> MpiBridge::open_pmix(const std::string& directory) {
  const auto entry = load_library();
  if (!entry) {
    return Failure(entry.error());
  }
  std::string error;
  pmix_.reset((*entry)(plan_of(plan_, directory), events(), &error));
  if (pmix_ == nullptr) {
    return fail(Code::internal, "mpi server: " + error);
  }
  return {};
}

Result<void> MpiBridge::open_pmi(const MpiOffer& offer) {
  pmi_step_ = pmi_step_of(plan_, offer);
  PmiServer::Out out;
  out.fence = [this](std::string data) { reach_fence(pmi_fence_id, {}, std::move(data)); };
  out.abort = [this](std::int32_t status, const std::string& message) {
    out_.abort(status, message);
  };
  out.broken = [this](const std::string& why) { out_.broken(why); };
  auto opened = PmiSockets::open(loop_, pmi_step_, std::move(out));
  if (!opened) {
    return Failure(opened.error());
  }
  pmi_ = std::move(*opened);
  return {};
}

// Work from the library's threads, dropped when it comes after our end.
std::function<void(std::function<void()>)> MpiBridge::poster() {
  return [this, alive = alive_](std::function<void()> work) {
    loop_.post([alive, work = std::move(work)] {
      if (*alive) {
        work();
      }
    });
  };
}

MpiEvents MpiBridge::events() {
  MpiEvents events;
  const auto post = poster();
  events.fence = [this, post](std::string id, std::vector<std::uint32_t> nodes, std::string data) {
    post([this, id = std::move(id), nodes = std::move(nodes), data = std::move(data)] {
      reach_fence(id, nodes, data);
    });
  };
  events.modex = [this, post](std::uint64_t number, std::uint32_t rank, std::string info) {
    post([this, number, rank, info = std::move(info)] {
      ask(number, rank, plan_.node_index, info);
    });
  };
  events.abort = [this, post](int status, std::string message) {
    post([this, status, message = std::move(message)] { out_.abort(status, message); });
  };
  events.as_user = [user = plan_.job.common->user]() -> std::shared_ptr<void> {
    auto entered = AsUser::enter(user, private_umask);
    return entered ? std::make_shared<AsUser>(std::move(*entered)) : nullptr;
  };
  return events;
}

Result<std::vector<std::string>> MpiBridge::environment(std::uint32_t local_task) {
  const std::uint32_t rank = plan_.rank_of(local_task);
  std::vector<std::string> variables;
  if (pmix_ != nullptr) {
    auto of_pmix = pmix_->environment(rank);
    if (!of_pmix) {
      return of_pmix;
    }
    variables = std::move(*of_pmix);
  }
  if (pmi_ != nullptr) {
    const auto of_pmi = pmi_environment(pmi_step_, rank, pmi_descriptor);
    variables.insert(variables.end(), of_pmi.begin(), of_pmi.end());
  }
  return variables;
}

int MpiBridge::task_end(std::uint32_t local_task) const {
  return pmi_ == nullptr ? -1 : pmi_->task_end(local_task);
}

void MpiBridge::tasks_started() {
  if (pmi_ != nullptr) {
    pmi_->tasks_started();
  }
}

void MpiBridge::task_left(std::uint32_t local_task) {
  if (pmi_ != nullptr) {
    pmi_->server().task_left(local_task);
  }
}

std::uint32_t MpiBridge::connected_ranks() const {
  return (pmix_ == nullptr ? 0 : pmix_->connected_ranks()) +
         (pmi_ == nullptr ? 0 : pmi_->server().connected());
}

std::string MpiBridge::servers_text() const {
  if (pmix_ != nullptr && pmi_ != nullptr) {
    return "pmix or pmi server";
  }
  return pmix_ != nullptr ? "pmix server" : "pmi server";
}

std::string MpiBridge::refusals() const {
  return pmi_ == nullptr ? std::string() : pmi_->server().refusals();
}

// This node's part is complete.
void MpiBridge::reach_fence(const std::string& id,
                            std::vector<std::uint32_t> nodes,
                            std::string data) {
  if (plan_.is_root()) {
    fence_arrived(0, id, std::move(nodes), std::move(data));
    return;
  }
  wire::StepMessage message;
  message.mutable_fence()->set_id(id);
  message.mutable_fence()->set_data(std::move(data));
  message.mutable_fence()->set_node_index(plan_.node_index);
  message.mutable_fence()->mutable_nodes()->Assign(nodes.begin(), nodes.end());
  out_.send(0, message);
}

void MpiBridge::finish_fence(const std::string& id, int status, const std::string& data) {
  if (id != pmi_fence_id) {
    if (pmix_ != nullptr) {
      pmix_->fence_done(id, status, data);
    }
  } else if (pmi_ != nullptr) {
    pmi_->server().fence_done(data);
  }
}

void MpiBridge::fence_arrived(std::uint32_t from,
                              const std::string& id,
                              std::vector<std::uint32_t> nodes,
                              std::string data) {
  const auto done = fences_.arrive(id, std::move(nodes), from, std::move(data));
  if (!done) {
    return;
  }
  wire::StepMessage message;
  message.mutable_fence_done()->set_id(id);
  message.mutable_fence_done()->set_data(done->data);
  const bool is_for_all = done->nodes.size() == plan_.nodes.size();
  if (is_for_all) {
    out_.send_all(message);
  }
  for (const std::uint32_t node : done->nodes) {
    if (is_for_all && node != plan_.node_index) {
      continue;
    }
    if (node == plan_.node_index) {
      finish_fence(id, 0, done->data);
    } else {
      out_.send(node, message);
    }
  }
}

// Towards the node that runs `rank`; a leaf knows the way to the root only.
void MpiBridge::ask(std::uint64_t number,
                    std::uint32_t rank,
                    std::uint32_t from,
                    const std::string& info) {
  if (rank >= plan_.tasks || (plan_.node_of(rank) == plan_.node_index && pmix_ == nullptr)) {
    answer(number, status_unreachable, "", from);
    return;
  }
  const std::uint32_t owner = plan_.node_of(rank);
  if (owner == plan_.node_index) {
    pmix_->modex_asked(rank, info,
                       [this, post = poster(), number, from](int status, std::string data) {
                         post([this, number, status, data = std::move(data), from] {
                           answer(number, status, data, from);
                         });
                       });
    return;
  }
  wire::StepMessage message;
  message.mutable_modex_ask()->set_number(number);
  message.mutable_modex_ask()->set_rank(rank);
  message.mutable_modex_ask()->set_from_node(from);
  message.mutable_modex_ask()->set_info(info);
  out_.send(plan_.is_root() ? owner : 0, message);
}

void MpiBridge::answer(std::uint64_t number,
                       int status,
                       const std::string& data,
                       std::uint32_t to) {
  if (to == plan_.node_index) {
    if (pmix_ != nullptr) {
      pmix_->modex_done(number, status, data);
    }
    return;
  }
  wire::StepMessage message;
  message.mutable_modex_answer()->set_number(number);
  message.mutable_modex_answer()->set_status(status);
  message.mutable_modex_answer()->set_data(data);
  message.mutable_modex_answer()->set_to_node(to);
  out_.send(plan_.is_root() ? to : 0, message);
}

bool MpiBridge::take(std::uint32_t from, const wire::StepMessage& message) {
  const auto node_count = static_cast<std::uint32_t>(plan_.nodes.size());
  if (message.has_fence() && plan_.is_root()) {
    const auto& fence = message.fence();
    fence_arrived(from, fence.id(), {fence.nodes().begin(), fence.nodes().end()}, fence.data());
  } else if (message.has_fence_done()) {
    finish_fence(message.fence_done().id(), message.fence_done().status(),
                 message.fence_done().data());
  } else if (message.has_modex_ask()) {
    const auto& asked = message.modex_ask();
    ask(asked.number(), asked.rank(), plan_.is_root() ? from : asked.from_node(), asked.info());
  } else if (message.has_modex_answer() && message.modex_answer().to_node() < node_count) {
    const auto& answered = message.modex_answer();
    answer(answered.number(), answered.status(), answered.data(), answered.to_node());
  } else {
    return false;
  }
  return true;
}

}  // namespace cox::stepd
