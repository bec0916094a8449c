// The words of the probe; what it does is tested through real daemons.
#include "noded/stepd/mpi_probe.h"

#include <gtest/gtest.h>

namespace cox::stepd {
namespace {

TEST(MpiProbe, finds_the_release_in_a_version) {
  EXPECT_EQ(release_of("OpenPMIx 4.2.2, repo rev: v4.2.2 (PMIx Standard: 4.2, Stable ABI: 0.0)"),
            "4.2");
  EXPECT_EQ(release_of("4.2.2"), "4.2");
  EXPECT_EQ(release_of("PMIx 5"), "5");
  EXPECT_FALSE(release_of("none"));
  EXPECT_FALSE(release_of(""));
}

}  // namespace
}  // namespace cox::stepd
