// What keeps a job from starting, as the pass and as explain() say it: both agree.
#pragma once

#include <gtest/gtest.h>

#include "testsuite/support/cluster.h"

namespace cox::testing {

inline core::Verdict why_waits(const Cluster& cluster, JobId id) {
  return core::explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id);
}

inline Reason reason(Cluster& cluster, JobId id) {
  const Reason code = cluster.plan().blocked(cluster.state, id).code;
  const core::Verdict verdict = why_waits(cluster, id);
  EXPECT_EQ(verdict.code, code) << "job " << id.value << ": " << verdict.summary;
  return code;
}

}  // namespace cox::testing
