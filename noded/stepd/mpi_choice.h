// Which ways of wiring up MPI a step offers its tasks, and why. Pure.
#pragma once

#include <string>

#include "noded/stepd/plan.h"
#include "noded/stepd/program.h"

namespace cox::stepd {

/// What the tasks of a step may speak.
struct MpiOffer {
  bool pmix = false;
  bool pmi1 = false;
  bool pmi2 = false;

  bool has_pmi() const { return pmi1 || pmi2; }

  bool has_any() const { return pmix || has_pmi(); }

  friend bool operator==(const MpiOffer&, const MpiOffer&) = default;
};

struct MpiChoice {
  MpiOffer offer;
  std::string text;  // for people: "pmi1 or pmi2, since ./ring links libmpich.so.12 (MPICH)"
};

MpiChoice choose_mpi(const StepPlan& plan, const ProgramKind& program);

}  // namespace cox::stepd
