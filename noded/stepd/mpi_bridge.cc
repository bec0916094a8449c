// Loading of libcoxpmix.so, and routing of its messages. The library is never unloaded: it has
// threads.
#include "noded/stepd/mpi_bridge.h"

#include <dlfcn.h>
#include <unistd.h>

#include "noded/stepd/as_user.h"
#include "platform/file.h"
#include "platform/process.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr std::uint32_t private_umask = 077;
constexpr int status_unreachable = -25;  // PMIX_ERR_UNREACH

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

MpiPlan plan_of(const StepPlan& plan, const std::string& directory) {
  MpiPlan out;
  out.nspace = "cox." + std::to_string(plan.key.job.value) + "." +
               std::to_string(plan.key.attempt.value) + "." + step_name(plan.key.step);
  out.uid = plan.job.common->user.uid;
  out.gid = plan.job.common->user.gid;
  out.tmp_dir = directory;
  for (const PlanNode& node : plan.nodes) {
    out.nodes.push_back({node.name, node.tasks, node.first_task});
  }
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
  server_.reset();
}

Result<std::unique_ptr<MpiBridge>> MpiBridge::open(platform::Loop& loop,
                                                   const StepPlan& plan,
                                                   const std::string& directory,
                                                   Out out) {
  const auto entry = load_library();
  if (!entry) {
    return Failure(entry.error());
  }
  std::unique_ptr<MpiBridge> bridge(new MpiBridge(loop, plan, std::move(out)));
  std::string error;
  bridge->server_.reset((*entry)(plan_of(plan, directory), bridge->events(), &error));
  if (bridge->server_ == nullptr) {
    return fail(Code::internal, "mpi server: " + error);
  }
  return bridge;
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
      if (plan_.is_root()) {
        fence_arrived(0, id, nodes, data);
        return;
      }
      wire::StepMessage message;
      message.mutable_fence()->set_id(id);
      message.mutable_fence()->set_data(data);
      message.mutable_fence()->set_node_index(plan_.node_index);
      message.mutable_fence()->mutable_nodes()->Assign(nodes.begin(), nodes.end());
      out_.send(0, message);
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

Result<std::vector<std::string>> MpiBridge::environment(std::uint32_t rank) {
  return server_->environment(rank);
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
  for (const std::uint32_t node : done->nodes) {
    if (node == plan_.node_index) {
      server_->fence_done(id, 0, done->data);
    } else {
      out_.send(node, message);
    }
  }
}

std::uint32_t MpiBridge::node_of(std::uint32_t rank) const {
  std::uint32_t index = 0;
  while (index + 1 < plan_.nodes.size() && plan_.nodes[index + 1].first_task <= rank) {
    ++index;
  }
  return index;
}

// Towards the node that runs `rank`; a leaf knows the way to the root only.
void MpiBridge::ask(std::uint64_t number,
                    std::uint32_t rank,
                    std::uint32_t from,
                    const std::string& info) {
  if (rank >= plan_.tasks) {
    answer(number, status_unreachable, "", from);
    return;
  }
  const std::uint32_t owner = node_of(rank);
  if (owner == plan_.node_index) {
    server_->modex_asked(rank, info,
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
    server_->modex_done(number, status, data);
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
    server_->fence_done(message.fence_done().id(), message.fence_done().status(),
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
