// One fact of every kind with every field set to something: for tests of the codec and its golden
// files. Values never change; new fields of a fact get a new sample and a new version of its file.
#pragma once

#include <vector>

#include "core/fact.h"

namespace cox::ctld {

std::vector<core::Fact> fact_samples();

struct NewerSample {
  unsigned version;  // of its golden file
  core::Fact fact;
};

/// The same with fields that were added since, one sample per version.
std::vector<NewerSample> newer_fact_samples();

/// Every field of both, which must be of one kind.
bool same_fact(const core::Fact& a, const core::Fact& b);

}  // namespace cox::ctld
