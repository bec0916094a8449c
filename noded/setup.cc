// The slow part (hwloc, cgroup probes) is done once, here.
#include "noded/setup.h"

#include <memory>
#include <utility>

#include "common/text.h"
#include "link/munge_source.h"
#include "noded/kept_memory.h"
#include "platform/file.h"
#include "platform/namespace.h"
#include "platform/private_file.h"
#include "platform/process.h"
#include "platform/random.h"
#include "wire/directory_mark.h"
#include "wire/model_codec.h"

namespace cox::noded {
namespace {

constexpr std::size_t key_bytes = 32;

std::string stepd_beside(const std::string& own) {
  const auto slash = own.rfind('/');
  return slash == std::string::npos ? "coxstepd" : own.substr(0, slash) + "/coxstepd";
}

// Jobs get the address, and run in other directories. The socket need not be there yet.
Result<std::string> absolute(const std::string& path) {
  if (path.empty() || path.starts_with("/")) return path;
  auto here = platform::real_path(".");
  if (!here) return here;
  return *here + "/" + path;
}

// A socket path needs no key: the controller asks the kernel who we are.
Result<std::string> read_key(const Options& options) {
  const bool is_named = !options.key_file.empty();
  const std::string path = is_named ? options.key_file : options.dir + "/cluster.key";
  if (!is_named && (options.controller.is_unix() || !platform::path_exists(path))) {
    return std::string();
  }
  if (auto secret = platform::check_private(path); !secret) {
    return tl::unexpected(secret.error().with_context("cluster key"));
  }
  auto key = platform::read_file(path, key_bytes);
  if (!key) return tl::unexpected(key.error().with_context("cluster key"));
  if (key->size() != key_bytes) {
    return fail(Code::bad_usage, "cluster key " + path + ": " + std::to_string(key->size()) +
                                     " bytes instead of " + std::to_string(key_bytes));
  }
  return *key;
}

Result<void> enter_node(const Options& options, const Log& log) {
  if (!options.emulation) return {};
  platform::EmulatedNode node;
  node.cluster_dir = options.dir;
  node.index = options.emulation->index;
  node.name = options.name;
  const platform::Emulation has = platform::enter_emulated_node(node);
  log.info("emulated node: " + has.description);
  if (!has.cut_off.empty()) return fail(Code::refused, has.cut_off);
  return {};
}

// Daemons of one machine differ by their run directories; "" for the usual one.
std::string directory_suffix(const Options& options) {
  if (options.dir == default_run_dir) return "";
  return "-" + wire::directory_mark(options.dir);
}

NodeInventory inventory_of(const platform::Machine& machine, const Options& options) {
  NodeInventory inventory = machine.inventory();
  inventory.name = options.name;
  // A second daemon of the same name on this boot is another node, not this one come back.
  const std::string boot = options.boot_id.empty() ? platform::boot_id() : options.boot_id;
  inventory.boot_id = boot + directory_suffix(options);
  inventory.address = options.address;
  inventory.is_thissystem = machine.is_thissystem();
  inventory.shares_machine = options.emulation.has_value();
  inventory.version = COX_VERSION;
  inventory.node_class.hash = wire::hash_class(inventory.node_class);
  return inventory;
}

// Private clusters on one machine have the same names and job ids; their run directories differ.
std::string container_base(const Options& options) {
  const std::string cluster = options.cluster.empty() ? "coxswain" : options.cluster;
  return cluster + directory_suffix(options) + "/" + options.name;
}

}  // namespace

Result<void> make_directories(const Paths& paths) {
  struct Directory {
    std::string path;
    unsigned mode;
  };

  for (const auto& [path, mode] : {Directory{paths.dir, 0755},
                                   {paths.steps(), 0711},
                                   {paths.tmps(), 0711},
                                   {paths.attempts(), 0700},
                                   {paths.marks(), 0700},
                                   {paths.groups(), 0700}}) {
    auto made = platform::make_directories(path, mode);
    if (!made) return made;
  }
  return {};
}

Result<Setup> make_setup(Options options, const Log& log) {
  Setup setup;
  // Absolute, since supervisors run elsewhere.
  auto dir = platform::real_path(options.dir);
  if (!dir) return tl::unexpected(dir.error());
  options.dir = *dir;
  auto controller = absolute(options.controller.path);
  if (!controller) return tl::unexpected(controller.error());
  options.controller.path = *controller;
  setup.paths = Paths{options.dir, options.name};
  setup.stepd = options.stepd.empty() ? stepd_beside(platform::own_program()) : options.stepd;
  auto stepd = platform::real_path(setup.stepd);
  if (!stepd) return tl::unexpected(stepd.error().with_context("supervisor program"));
  setup.stepd = *stepd;
  auto key = read_key(options);
  if (!key) return tl::unexpected(key.error());
  setup.trust.key = *key;
  setup.credentials = std::make_unique<link::MungeSource>();
  setup.trust.credentials = setup.credentials.get();
  platform::MachineOptions machine_options;
  machine_options.memory_divisor = options.memory_fraction;
  auto machine = platform::Machine::load(options.topology, machine_options);
  if (!machine) return tl::unexpected(machine.error());
  setup.machine = std::move(*machine);
  setup.inventory = inventory_of(*setup.machine, options);
  if (options.pretended) {
    if (options.boot_id.empty()) setup.inventory.boot_id = to_hex(platform::random_bytes(16));
    setup.inventory.is_thissystem = false;
    setup.inventory.shares_machine = true;
    setup.options = std::move(options);
    return setup;
  }
  keep_memory(setup.paths, options, log, &setup.inventory);
  if (auto entered = enter_node(options, log); !entered) return tl::unexpected(entered.error());
  setup.containment = platform::open_containment("/sys/fs/cgroup", setup.paths.groups());
  setup.container_base = container_base(options);
  setup.options = std::move(options);
  return setup;
}

}  // namespace cox::noded
