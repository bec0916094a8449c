// PMIx costs more than all the rest of a step, tens of milliseconds of processor time on each node.
// One task, or a program that is seen to link no MPI and to start no other, does without; of
// several tasks behind a script any may use MPI. PMI is a pair of sockets: several tasks always
// have it.
#include "noded/stepd/mpi_choice.h"

#include "common/text.h"

namespace cox::stepd {
namespace {

MpiOffer asked_offer(MpiKind kind) {
  MpiOffer offer;
  offer.pmix = kind == MpiKind::pmix;
  offer.pmi1 = kind == MpiKind::pmi1;
  offer.pmi2 = kind == MpiKind::pmi2;
  return offer;
}

MpiOffer offer_for(const ProgramKind& program, bool has_company) {
  switch (program.family) {
    case MpiFamily::open_mpi:
    case MpiFamily::pmix:
      return {true, false, false};
    case MpiFamily::mpich:
      return {false, true, true};  // which of them, the library says when it connects
    case MpiFamily::pmi2:
      return {false, false, true};
    case MpiFamily::pmi1:
      return {false, true, false};
    case MpiFamily::none:
      break;
  }
  return {has_company && !program.is_seen_without_mpi(), has_company, has_company};
}

std::string offer_text(const MpiOffer& offer) {
  if (offer.pmix && offer.has_pmi()) {
    return "pmix, pmi1 and pmi2";
  }
  if (offer.pmi1 && offer.pmi2) {
    return "pmi1 or pmi2";
  }
  return offer.pmix ? "pmix" : offer.pmi1 ? "pmi1" : offer.pmi2 ? "pmi2" : "none";
}

std::string_view family_name(MpiFamily family) {
  switch (family) {
    case MpiFamily::open_mpi:
      return "Open MPI";
    case MpiFamily::mpich:
      return "MPICH";
    default:
      return "";
  }
}

std::string reason(const StepPlan& plan, const ProgramKind& program) {
  const std::string name = quoted(plan.argv.front());
  if (program.family != MpiFamily::none) {
    const std::string family(family_name(program.family));
    return name + " links " + program.library + (family.empty() ? "" : " (" + family + ")");
  }
  const std::string what =
      program.is_elf ? name + " links no mpi library" : name + " is a script, or cannot be read";
  if (plan.tasks > 1 && program.is_seen_without_mpi()) {
    return what;
  }
  return what + (plan.tasks > 1 ? ", and what it starts may" : ", and is one task");
}

}  // namespace

MpiChoice choose_mpi(const StepPlan& plan, const ProgramKind& program) {
  if (plan.mpi != MpiKind::automatic) {
    const MpiOffer offer = asked_offer(plan.mpi);
    return {offer, offer_text(offer) + ", as --mpi asked"};
  }
  const MpiOffer offer = offer_for(program, plan.tasks > 1);
  return {offer, offer_text(offer) + ", since " + reason(plan, program)};
}

}  // namespace cox::stepd
