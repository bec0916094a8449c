// hwloc's tree as the flat tables of model/topology.h. Loaded once (20-80 ms), then kept.
#include "platform/inventory.h"

#include <hwloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <tuple>
#include <vector>

#include "common/text.h"
#include "platform/file.h"
#include "platform/inventory_devices.h"

namespace cox::platform {
namespace {

constexpr int cores_max = 16'384;
constexpr std::uint64_t pus_max = 8 * cores_max;
constexpr std::int64_t mib = 1 << 20;
constexpr std::size_t synthetic_bytes_max = 4096;

struct TopologyDeleter {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};

using Topology = std::unique_ptr<hwloc_topology, TopologyDeleter>;

std::uint16_t small(unsigned number) {
  return static_cast<std::uint16_t>(number);
}

std::string list_of(hwloc_const_bitmap_t set) {
  char* text = nullptr;
  if (hwloc_bitmap_list_asprintf(&text, set) < 0) return {};
  std::string out = text;
  ::free(text);
  return out;
}

bool looks_like_file(const std::string& text) {
  return path_exists(text) || text.find('/') != std::string::npos || text.ends_with(".xml");
}

/// How many PUs a description asks for: the product of its levels, attributes and attached objects
/// ("(...)", "[...]") aside. hwloc would build them all before anyone could count.
std::uint64_t pus_described(std::string_view text) {
  std::uint64_t pus = 1;
  int depth = 0;
  std::string plain;
  for (const char c : text) {
    if (c == '(' || c == '[') ++depth;
    if (depth == 0) plain.push_back(c);
    if (c == ')' || c == ']') --depth;
  }
  for (const auto level : split(plain, ' ')) {
    const std::size_t colon = level.find(':');
    const auto number = level.substr(colon == std::string_view::npos ? 0 : colon + 1);
    const std::uint64_t count = number.size() > 9 ? pus_max + 1 : parse_u64(number).value_or(1);
    pus = std::min(pus_max + 1, pus * std::max<std::uint64_t>(1, count));
  }
  return pus;
}

Result<void> check_description(const std::string& text) {
  if (text.size() > synthetic_bytes_max) {
    return fail(Code::bad_usage, "topology " + quoted(text, 40) + ": longer than " +
                                     std::to_string(synthetic_bytes_max) + " bytes");
  }
  if (pus_described(text) <= pus_max) return {};
  return fail(Code::bad_usage, "topology " + quoted(text) + ": more than " +
                                   std::to_string(pus_max) + " processors");
}

Result<void> set_source(hwloc_topology_t topology, const std::string& source) {
  if (source.empty()) return {};
  if (looks_like_file(source)) {
    if (::access(source.c_str(), R_OK) != 0) {
      return Failure(system_error("read topology " + quoted(source, 200), errno));
    }
    if (hwloc_topology_set_xml(topology, source.c_str()) == 0) return {};
    return fail(Code::bad_usage, "topology " + quoted(source, 200) + ": no hwloc 2 XML file");
  }
  if (auto fits = check_description(source); !fits) return fits;
  if (hwloc_topology_set_synthetic(topology, source.c_str()) == 0) return {};
  return fail(Code::bad_usage,
              "topology " + quoted(source) +
                  ": neither a file nor a description such as \"package:2 core:8 pu:1\"");
}

Result<Topology> load_topology(const std::string& source) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return fail(Code::internal, "hwloc does not start");
  Topology topology(raw);
  hwloc_topology_set_io_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
  if (auto set = set_source(raw, source); !set) return Failure(set.error());
  if (hwloc_topology_load(raw) != 0) {
    return fail(Code::bad_usage,
                source.empty() ? std::string("hwloc cannot read this system")
                               : "topology " + quoted(source, 200) + ": hwloc does not take it");
  }
  return topology;
}

std::int64_t system_memory_mib() {
  return static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE) / mib;
}

class HwlocMachine final : public Machine {
 public:
  HwlocMachine(Topology topology, const std::string& source, const MachineOptions& options)
      : topology_(std::move(topology)) {
    has_core_objects_ = count(HWLOC_OBJ_CORE) > 0;
    find_ordinary_memory();
    fill_cores();
    fill_memory(source, std::max(1U, options.memory_divisor));
    fill_devices();
    inventory_.is_thissystem = is_thissystem();
  }

  NodeInventory inventory() const override { return inventory_; }

  bool is_thissystem() const override { return hwloc_topology_is_thissystem(top()) != 0; }

  std::string os_cpus(const Bitset& cores) const override {
    hwloc_bitmap_t all = hwloc_bitmap_alloc();
    cores.for_each([&](std::size_t index) {
      const hwloc_obj_t object = core(static_cast<unsigned>(index));
      if (object != nullptr) hwloc_bitmap_or(all, all, object->cpuset);
    });
    std::string text = list_of(all);
    hwloc_bitmap_free(all);
    return text;
  }

  std::string gpu_numbers(const Bitset& devices, GpuVendor vendor) const override {
    return numbers_of_vendor(gpu_vendors_, devices, vendor);
  }

  std::string os_memory_nodes(const Bitset& numa) const override {
    hwloc_bitmap_t all = hwloc_bitmap_alloc();
    for (const hwloc_obj_t node : memory_objects()) {
      const bool wanted = std::any_of(ordinary_.begin(), ordinary_.end(), [&](hwloc_obj_t chosen) {
        const auto index = static_cast<std::size_t>(ordinary_index_.at(chosen));
        return numa.test(index) &&
               (node == chosen || hwloc_bitmap_isequal(node->cpuset, chosen->cpuset) != 0);
      });
      if (wanted) hwloc_bitmap_set(all, node->os_index);
    }
    std::string text = list_of(all);
    hwloc_bitmap_free(all);
    return text;
  }

  int cores() const { return count(core_type()); }

 private:
  hwloc_topology_t top() const { return topology_.get(); }

  int count(hwloc_obj_type_t type) const {
    return std::max(0, hwloc_get_nbobjs_by_type(top(), type));
  }

  hwloc_obj_type_t core_type() const { return has_core_objects_ ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU; }

  hwloc_obj_t core(unsigned index) const {
    return hwloc_get_obj_by_type(top(), core_type(), index);
  }

  std::vector<hwloc_obj_t> memory_objects() const {
    std::vector<hwloc_obj_t> out;
    for (int index = 0; index < count(HWLOC_OBJ_NUMANODE); ++index) {
      out.push_back(hwloc_get_obj_by_type(top(), HWLOC_OBJ_NUMANODE, static_cast<unsigned>(index)));
    }
    return out;
  }

  /// The ordinary memory of a core: lowest OS index beside it, with memory before without; a core
  /// beside no memory at all takes the first node that has some.
  hwloc_obj_t memory_of(hwloc_obj_t core, const std::vector<hwloc_obj_t>& nodes) const {
    hwloc_obj_t best = nullptr;
    const auto rank = [&](hwloc_obj_t node) {
      const bool is_beside = hwloc_bitmap_intersects(node->cpuset, core->cpuset) != 0;
      const bool has_memory = node->attr->numanode.local_memory > 0;
      return std::tuple(!has_memory, !is_beside, node->os_index);
    };
    for (const hwloc_obj_t node : nodes) {
      if (best == nullptr || rank(node) < rank(best)) best = node;
    }
    return best;
  }

  void find_ordinary_memory() {
    const auto nodes = memory_objects();
    for (int index = 0; index < cores(); ++index) {
      const hwloc_obj_t node = memory_of(core(static_cast<unsigned>(index)), nodes);
      memory_of_core_.push_back(node);
      if (std::find(ordinary_.begin(), ordinary_.end(), node) == ordinary_.end()) {
        ordinary_.push_back(node);
      }
    }
    std::sort(ordinary_.begin(), ordinary_.end(),
              [](hwloc_obj_t a, hwloc_obj_t b) { return a->logical_index < b->logical_index; });
    for (const hwloc_obj_t node : ordinary_) {
      ordinary_index_.emplace(node, static_cast<unsigned>(ordinary_index_.size()));
    }
  }

  unsigned ancestor_index(hwloc_obj_t object, hwloc_obj_type_t type, unsigned otherwise) const {
    const hwloc_obj_t found = hwloc_get_ancestor_obj_by_type(top(), type, object);
    return found != nullptr ? found->logical_index : otherwise;
  }

  void fill_cores() {
    NodeClass& out = inventory_.node_class;
    const bool has_l3 = count(HWLOC_OBJ_L3CACHE) > 0;
    for (int index = 0; index < cores(); ++index) {
      const hwloc_obj_t object = core(static_cast<unsigned>(index));
      CoreInfo info;
      const unsigned numa = ordinary_index_.at(memory_of_core_[static_cast<std::size_t>(index)]);
      info.numa = small(numa);
      info.package = small(ancestor_index(object, HWLOC_OBJ_PACKAGE, 0));
      info.l3 = small(has_l3 ? ancestor_index(object, HWLOC_OBJ_L3CACHE, 0) : numa);
      info.pus = small(static_cast<unsigned>(std::max(1, hwloc_bitmap_weight(object->cpuset))));
      out.cores.push_back(info);
    }
    out.numa_nodes = small(static_cast<unsigned>(ordinary_.size()));
    out.packages = small(static_cast<unsigned>(std::max(1, count(HWLOC_OBJ_PACKAGE))));
  }

  void fill_memory(const std::string& source, std::uint32_t divisor) {
    const bool is_synthetic = !source.empty() && !looks_like_file(source);
    const bool says_memory = source.find("memory=") != std::string::npos;
    const auto parts = static_cast<std::int64_t>(ordinary_.size());
    for (const hwloc_obj_t node : ordinary_) {
      auto memory = static_cast<std::int64_t>(node->attr->numanode.local_memory) / mib;
      if (is_synthetic && !says_memory) memory = system_memory_mib() / parts / divisor;
      if (source.empty()) memory /= divisor;
      inventory_.memory_mib.push_back(memory);
    }
  }

  void fill_devices() {
    NodeClass& out = inventory_.node_class;
    for (const FoundDevice& found : find_devices(top())) {
      DeviceInfo device{found.name, found.type, 0, Bitset(out.cores.size())};
      for (unsigned index = 0; index < out.cores.size(); ++index) {
        if (hwloc_bitmap_intersects(core(index)->cpuset, found.near) != 0) device.near.set(index);
      }
      if (device.near.none()) device.near.set_all();  // beside cores that we may not use
      device.numa = out.cores[device.near.next(0)].numa;
      out.devices.push_back(std::move(device));
      // GPUs come first, so that theirs are the first indices.
      if (found.name == "gpu") gpu_vendors_.push_back(found.vendor);
    }
  }

  Topology topology_;
  bool has_core_objects_ = true;
  std::vector<hwloc_obj_t> memory_of_core_;
  std::vector<hwloc_obj_t> ordinary_;
  std::map<hwloc_obj_t, unsigned> ordinary_index_;
  NodeInventory inventory_;
  std::vector<unsigned> gpu_vendors_;
};

/// What the tables cannot hold is refused before they are filled.
Result<void> check_size(hwloc_topology_t topology, const std::string& source) {
  const int cores = std::max(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE),
                             hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU));
  const int nodes = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
  const std::string what = "topology " + quoted(source);
  if (cores <= 0 || nodes <= 0) return fail(Code::bad_usage, what + ": no processors or no memory");
  if (static_cast<std::uint64_t>(cores) <= pus_max && nodes <= cores_max) return {};
  return fail(Code::bad_usage, what + ": more than " + std::to_string(pus_max) + " processors");
}

}  // namespace

Result<std::unique_ptr<Machine>> Machine::load(const std::string& topology,
                                               const MachineOptions& options) {
  auto loaded = load_topology(topology);
  if (!loaded) return Failure(loaded.error());
  if (auto fits = check_size(loaded->get(), topology); !fits) return Failure(fits.error());
  auto machine = std::make_unique<HwlocMachine>(std::move(*loaded), topology, options);
  if (machine->cores() > cores_max) {
    return fail(Code::bad_usage, "topology " + quoted(topology) + ": more than " +
                                     std::to_string(cores_max) + " cores");
  }
  return std::unique_ptr<Machine>(std::move(machine));
}

std::string boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  return text ? std::string(trim(*text)) : std::string("unknown");
}

}  // namespace cox::platform
