// What is offered to whom.
#include "noded/stepd/mpi_choice.h"

#include <gtest/gtest.h>

#include "noded/stepd/plan_builder.h"

namespace cox::stepd {
namespace {

constexpr MpiOffer offers_nothing{false, false, false}, offers_all{true, true, true},
    offers_pmix{true, false, false}, offers_pmi{false, true, true};

MpiChoice chosen_for(const ProgramKind& kind, std::uint32_t tasks = 6) {
  StepPlan plan = two_node_plan();
  plan.argv = {"./solver"};
  plan.mpi = MpiKind::automatic;
  plan.tasks = tasks;
  return choose_mpi(plan, kind);
}

TEST(ProgramKind, is_told_by_the_library_that_decides) {
  const auto open_mpi = kind_of({"libm.so.6", "libmpi.so.40"}, {"libm.so.6", "libmpi.so.40"});
  EXPECT_EQ(open_mpi.family, MpiFamily::open_mpi);
  EXPECT_EQ(open_mpi.library, "libmpi.so.40");
  EXPECT_TRUE(open_mpi.links_mpi);
  EXPECT_EQ(kind_of({"libmpich.so.12"}, {"libmpich.so.12", "libucp.so.0"}).family,
            MpiFamily::mpich);
  EXPECT_EQ(kind_of({"libmpi_cray.so.12"}, {"libmpi_cray.so.12"}).family, MpiFamily::mpich);
  EXPECT_EQ(kind_of({"libc.so.6"}, {"libc.so.6"}).family, MpiFamily::none);
  EXPECT_EQ(kind_of({"libmpifake.so"}, {"libmpifake.so"}).family, MpiFamily::none);
}

TEST(ProgramKind, of_a_name_that_two_mpis_have_used_is_told_by_what_it_needs) {
  EXPECT_EQ(kind_of({"libmpi.so.12"}, {"libmpi.so.12", "libfabric.so.1"}).family, MpiFamily::mpich);
  EXPECT_EQ(kind_of({"libmpi.so.12"}, {"libmpi.so.12", "libopen-rte.so.12"}).family,
            MpiFamily::open_mpi);
}

TEST(ProgramKind, of_an_mpich_that_speaks_through_a_library_is_that_librarys) {
  EXPECT_EQ(kind_of({"libmpich.so.12"}, {"libmpich.so.12", "libpmi2.so.0"}).family,
            MpiFamily::pmi2);
  EXPECT_EQ(kind_of({"libmpich.so.12"}, {"libmpich.so.12", "libpmix.so.2"}).family,
            MpiFamily::pmix);
  EXPECT_EQ(kind_of({"libpmi.so.0"}, {"libpmi.so.0"}).family, MpiFamily::pmi1);
}

TEST(ProgramKind, an_mpi_of_another_library_is_served_but_not_judged) {
  const auto kind = kind_of({"libhdf5.so"}, {"libhdf5.so", "libmpi.so.40"});
  EXPECT_EQ(kind.family, MpiFamily::open_mpi);
  EXPECT_FALSE(kind.links_mpi);
}

TEST(MpiChoice, follows_the_program_and_says_by_what) {
  const auto mpich = chosen_for(kind_of({"libmpich.so.12"}, {"libmpich.so.12"}));
  EXPECT_EQ(mpich.offer, offers_pmi);
  EXPECT_EQ(mpich.text, "pmi1 or pmi2, since ./solver links libmpich.so.12 (MPICH)");
  const auto open_mpi = chosen_for(kind_of({"libmpi.so.40"}, {"libmpi.so.40"}), 1);
  EXPECT_EQ(open_mpi.offer, offers_pmix);
  EXPECT_EQ(open_mpi.text, "pmix, since ./solver links libmpi.so.40 (Open MPI)");
}

TEST(MpiChoice, of_several_tasks_behind_a_script_is_all_that_can_be_offered) {
  const auto script = chosen_for(ProgramKind{});
  EXPECT_EQ(script.offer, offers_all);
  EXPECT_EQ(script.text,
            "pmix, pmi1 and pmi2, since ./solver is a script, or cannot be read, and what it "
            "starts may");
  // A shell or an interpreter links none, and a static program does not say what it holds.
  EXPECT_EQ(chosen_for(kind_of({"libc.so.6"}, {"libc.so.6"})).offer, offers_all);
  ProgramKind fixed = kind_of({}, {});
  fixed.runs_others = false;
  EXPECT_EQ(chosen_for(fixed).offer, offers_all);
}

TEST(MpiChoice, of_several_tasks_that_are_seen_to_link_none_is_what_costs_nothing) {
  ProgramKind plain = kind_of({"libc.so.6"}, {"libc.so.6"});
  plain.runs_others = false;
  EXPECT_EQ(chosen_for(plain).offer, offers_pmi);
  EXPECT_EQ(chosen_for(plain).text, "pmi1 or pmi2, since ./solver links no mpi library");
}

TEST(MpiChoice, of_one_task_without_mpi_is_nothing) {
  EXPECT_EQ(chosen_for(ProgramKind{}, 1).offer, offers_nothing);
  EXPECT_EQ(chosen_for(kind_of({"libc.so.6"}, {"libc.so.6"}), 1).text,
            "none, since ./solver links no mpi library, and is one task");
}

TEST(MpiChoice, that_was_asked_for_is_kept_whatever_the_program_is) {
  StepPlan plan = two_node_plan();
  plan.mpi = MpiKind::pmi2;
  const auto choice = choose_mpi(plan, kind_of({"libmpi.so.40"}, {"libmpi.so.40"}));
  EXPECT_EQ(choice.offer, (MpiOffer{false, false, true}));
  EXPECT_EQ(choice.text, "pmi2, as --mpi asked");
  plan.mpi = MpiKind::none;
  EXPECT_EQ(choose_mpi(plan, ProgramKind{}).offer, offers_nothing);
}

}  // namespace
}  // namespace cox::stepd
