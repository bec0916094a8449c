// Devices are PCI functions: a GPU known to three libraries is still one.
#include "platform/inventory_devices.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <tuple>

namespace cox::platform {
namespace {

constexpr unsigned pci_vendor_nvidia = 0x10de;
constexpr unsigned pci_vendor_amd = 0x1002;
constexpr unsigned class_ethernet = 0x0200;
constexpr unsigned class_infiniband = 0x0207;
constexpr unsigned class_network = 0x02;
constexpr unsigned class_display = 0x03;
constexpr unsigned class_3d = 0x0302;
constexpr unsigned class_other_display = 0x0380;

using BusAddress = std::tuple<unsigned, unsigned, unsigned, unsigned>;

BusAddress address_of(hwloc_obj_t pci) {
  const auto& at = pci->attr->pcidev;
  return {at.domain, at.bus, at.dev, at.func};
}

hwloc_obj_t pci_of(hwloc_obj_t device) {
  hwloc_obj_t object = device;
  while (object != nullptr && object->type != HWLOC_OBJ_PCI_DEVICE) object = object->parent;
  return object;
}

/// What is known of one PCI function from all of its OS devices.
struct Function {
  hwloc_obj_t pci = nullptr;
  bool is_compute = false;  // CUDA, NVML, RSMI, OpenCL or Level Zero lists it
  bool is_network = false, is_infiniband = false;
  std::string model;
};

const char* info(hwloc_obj_t object, const char* key) {
  const char* value = hwloc_obj_get_info_by_name(object, key);
  return value != nullptr ? value : "";
}

bool is_compute_name(const char* name) {
  for (const char* prefix : {"cuda", "nvml", "rsmi", "opencl", "ze"}) {
    if (name != nullptr && std::strncmp(name, prefix, std::strlen(prefix)) == 0) return true;
  }
  return false;
}

void learn(hwloc_obj_t device, Function* function) {
  const auto kind = device->attr->osdev.type;
  if (is_compute_name(device->name)) {
    function->is_compute = true;
    if (function->model.empty()) function->model = info(device, "GPUModel");
  }
  function->is_network |= kind == HWLOC_OBJ_OSDEV_NETWORK || kind == HWLOC_OBJ_OSDEV_OPENFABRICS;
  // RoCE cards have an OpenFabrics device too; the port's link layer decides by the PCI class.
  function->is_infiniband |= kind == HWLOC_OBJ_OSDEV_OPENFABRICS;
}

std::map<BusAddress, Function> functions_of(hwloc_topology_t topology) {
  std::map<BusAddress, Function> functions;
  for (hwloc_obj_t pci = nullptr; (pci = hwloc_get_next_pcidev(topology, pci)) != nullptr;) {
    functions[address_of(pci)].pci = pci;
  }
  for (hwloc_obj_t os = nullptr; (os = hwloc_get_next_osdev(topology, os)) != nullptr;) {
    const hwloc_obj_t pci = pci_of(os);
    if (pci != nullptr) learn(os, &functions[address_of(pci)]);
  }
  return functions;
}

bool is_gpu(const Function& function) {
  const unsigned kind = function.pci->attr->pcidev.class_id;
  if (kind == class_3d || kind == class_other_display) return true;
  // The VGA of a board's management chip is no GPU.
  return (kind >> 8U) == class_display && function.is_compute;
}

bool is_nic(const Function& function) {
  return (function.pci->attr->pcidev.class_id >> 8U) == class_network && function.is_network;
}

std::string nic_type(const Function& function) {
  const unsigned kind = function.pci->attr->pcidev.class_id;
  const bool infiniband =
      kind == class_infiniband || (kind != class_ethernet && function.is_infiniband);
  return infiniband ? "ib" : "eth";
}

hwloc_const_cpuset_t near_cpus(hwloc_topology_t topology, hwloc_obj_t pci) {
  const hwloc_obj_t beside = hwloc_get_non_io_ancestor_obj(topology, pci);
  const bool has_cpus =
      beside != nullptr && beside->cpuset != nullptr && hwloc_bitmap_iszero(beside->cpuset) == 0;
  return has_cpus ? beside->cpuset : hwloc_topology_get_topology_cpuset(topology);
}

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// One to three letters, two to four digits (one after 't' or 'l'), at most two letters: t4, v100,
/// mi250x, l40s.
bool is_model_word(std::string_view word) {
  std::size_t at = 0;
  while (at < word.size() && is_letter(word[at])) ++at;
  const std::size_t letters = at;
  while (at < word.size() && is_digit(word[at])) ++at;
  const std::size_t digits = at - letters;
  while (at < word.size() && is_letter(word[at])) ++at;
  const std::size_t after = at - letters - digits;
  const bool is_short = letters == 1 && (word[0] == 't' || word[0] == 'l');
  return at == word.size() && letters >= 1 && letters <= 3 && digits <= 4 && after <= 2 &&
         digits >= (is_short ? 1U : 2U);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (is_letter(c) || is_digit(c)) {
      words.back().push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

}  // namespace

std::string short_model(std::string_view text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']');
  if (open != std::string_view::npos && close != std::string_view::npos && open < close) {
    text = text.substr(open + 1, close - open - 1);
  }
  std::string joined;
  for (const std::string& word : words_of(text)) {
    if (is_model_word(word)) return word;
    if (joined.size() + word.size() < 32) joined += (joined.empty() ? "" : "_") + word;
  }
  return joined;
}

std::string numbers_of_vendor(const std::vector<unsigned>& gpu_vendors,
                              const Bitset& devices,
                              GpuVendor vendor) {
  const unsigned wanted = vendor == GpuVendor::nvidia ? pci_vendor_nvidia : pci_vendor_amd;
  std::string numbers;
  std::size_t number = 0;
  for (std::size_t gpu = 0; gpu < std::min(gpu_vendors.size(), devices.size()); ++gpu) {
    if (gpu_vendors[gpu] != wanted) continue;
    if (devices.test(gpu)) numbers += (numbers.empty() ? "" : ",") + std::to_string(number);
    ++number;
  }
  return numbers;
}

std::vector<FoundDevice> find_devices(hwloc_topology_t topology) {
  std::vector<FoundDevice> gpus;
  std::vector<FoundDevice> nics;
  for (const auto& [address, function] : functions_of(topology)) {
    const hwloc_const_cpuset_t near = near_cpus(topology, function.pci);
    const unsigned vendor = function.pci->attr->pcidev.vendor_id;
    if (is_gpu(function)) {
      const std::string& model =
          function.model.empty() ? info(function.pci, "PCIDevice") : function.model;
      gpus.push_back({"gpu", short_model(model), vendor, near});
    } else if (is_nic(function)) {
      nics.push_back({"nic", nic_type(function), vendor, near});
    }
  }
  gpus.insert(gpus.end(), nics.begin(), nics.end());
  return gpus;
}

}  // namespace cox::platform
