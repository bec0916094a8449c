// A machine with GPUs as an hwloc XML file, for tests that have neither.
#pragma once

#include <string>
#include <vector>

namespace cox::testing {

constexpr const char* nvidia_gpu = "0302 [10de:1db5] [10de:1249] a1";
constexpr const char* amd_gpu = "0380 [1002:740c] [1002:0b0c] 01";

/// One package of four cores and 8 GiB, and PCI functions of these types (as above) by rising bus
/// address.
inline std::string gpu_topology(const std::vector<std::string>& pci_types) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology version=\"2.0\">\n";
  int number = 0;
  const auto open = [&](const std::string& type, int cpus, const std::string& more) {
    const std::string set = "0x0000000" + std::string(1, "0123456789abcdef"[cpus]);
    xml += "<object type=\"" + type + "\" gp_index=\"" + std::to_string(++number) + "\" cpuset=\"" +
           set + "\" complete_cpuset=\"" + set +
           "\" nodeset=\"0x1\" complete_nodeset=\"0x1\" os_index=\"" + more + "\">";
  };
  open("Machine", 15, "0\" allowed_cpuset=\"0xf\" allowed_nodeset=\"0x1");
  open("Package", 15, "0");
  open("NUMANode", 15, "0\" local_memory=\"8589934592");
  xml += "</object>\n";
  for (int core = 0; core < 4; ++core) {
    open("Core", 1 << core, std::to_string(core));
    open("PU", 1 << core, std::to_string(core));
    xml += "</object></object>\n";
  }
  xml += "</object><object type=\"Bridge\" gp_index=\"" + std::to_string(++number) +
         "\" bridge_type=\"0-1\" depth=\"0\" bridge_pci=\"0000:[00-ff]\">\n";
  for (std::size_t at = 0; at < pci_types.size(); ++at) {
    xml += "<object type=\"PCIDev\" gp_index=\"" + std::to_string(++number) +
           "\" pci_busid=\"0000:" + std::to_string(10 + at) + ":00.0\" pci_type=\"" +
           pci_types[at] + "\" pci_link_speed=\"0.0\"/>\n";
  }
  return xml + "</object></object></topology>\n";
}

}  // namespace cox::testing
