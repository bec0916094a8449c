// What ranks are told of the machine.
#include "noded/stepd/pmix/topology.h"

#include <gtest/gtest.h>

namespace cox::stepd {
namespace {

bool names(const std::string& xml, const std::string& type) {
  return xml.find("type=\"" + type + "\"") != std::string::npos;
}

TEST(Topology, HasDevicesOnlyWhereTheyAreAskedFor) {
  const std::string lean = Topology(false).xml();
  const std::string full = Topology(true).xml();
  for (const char* type : {"Machine", "NUMANode", "Core", "PU"}) {
    EXPECT_TRUE(names(lean, type)) << type << "\n" << lean;
    EXPECT_TRUE(names(full, type)) << type << "\n" << full;
  }
  for (const char* type : {"Bridge", "PCIDev", "OSDev"}) {
    EXPECT_FALSE(names(lean, type)) << type << "\n" << lean;
  }
  EXPECT_GE(full.size(), lean.size());
}

}  // namespace
}  // namespace cox::stepd
