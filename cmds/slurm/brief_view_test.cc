// Lists ask for brief views where their columns need no more: those columns show the same of one.
#include "testsuite/support/brief_view.h"

#include <gtest/gtest.h>

#include "cmds/client/views.h"
#include "cmds/slurm/job_fields.h"

namespace cox::cmds::slurm {
namespace {

wire::JobView job_in(const char* state, const char* letters) {
  wire::JobView view;
  view.set_job(71);
  view.set_id("71");
  view.set_name("cfd");
  view.set_user("ada");
  view.set_uid(1001);
  view.set_gid(101);
  view.set_account("physics");
  view.set_partition("batch");
  view.set_state(state);
  view.set_state_letters(letters);
  view.set_reason("Resources");
  view.set_reason_amount(3);
  view.set_why("cancelled by root");
  view.set_nodes(2);
  view.set_cpus(16);
  view.set_tasks(8);
  view.set_node_list("n[1-2]");
  view.set_submitted_us(1'000'000'000);
  view.set_started_us(2'000'000'000);
  view.set_ended_us(3'000'000'000);
  view.set_time_limit_us(7'200'000'000);
  view.set_attempt(3);
  view.set_exit_code(4);
  view.set_signal(9);
  view.mutable_usage();
  view.set_row(1);
  view.set_turn(2);
  view.set_stood_us(5'000'000);
  view.mutable_request()->set_comment("a comment");
  view.mutable_request()->set_qos("high");
  view.mutable_request()->add_components()->set_cpus_per_task(2);
  view.set_output_path("/home/ada/out");
  view.set_error_path("/home/ada/err");
  view.add_shares()->add_memory_mib(512);
  return view;
}

std::vector<wire::JobView> views() {
  std::vector<wire::JobView> views = {job_in("PENDING", "PD"), job_in("RUNNING", "R"),
                                      job_in("COMPLETING", "CG"), job_in("FAILED", "F"),
                                      job_in("TIMEOUT", "TO")};
  views.push_back(views[1]);
  views.back().set_stands_us(2'500'000'000);  // its row waits
  views.push_back(views[0]);
  views.back().set_id("71_[5-9]");
  views.back().set_array(71);
  views.back().set_elements("5-9");
  views.push_back(views[1]);
  views.back().set_id("70_1");
  views.back().set_array(70);
  views.back().set_index(1);
  views.back().set_is_element(true);
  return views;
}

TEST(BriefView, ShowsTheUsualColumnsOfQueueAsTheWholeViewDoes) {
  for (const wire::JobView& whole : views()) {
    const wire::JobView brief = testing::as_brief(whole);
    for (const auto& column : job_columns()) {
      if (!column.by_default) continue;
      EXPECT_EQ(column.text(brief), column.text(whole)) << column.name << " of " << whole.state();
    }
  }
}

TEST(BriefView, AndEachFieldOfSqueueTheViewItSaysItNeeds) {
  constexpr std::int64_t now_us = 4'000'000'000;
  for (const wire::JobView& whole : views()) {
    const wire::JobView usual = testing::without_request(whole), brief = testing::as_brief(whole);
    for (const JobField& field : job_fields()) {
      if (field.text == nullptr || field.needs == Needs::full) continue;
      const wire::JobView& needed = field.needs == Needs::brief ? brief : usual;
      EXPECT_EQ(field.text({needed, now_us, false}), field.text({whole, now_us, false}))
          << field.name << " of " << whole.state();
    }
  }
}

}  // namespace
}  // namespace cox::cmds::slurm
