// Plans of attempts: names of files, their text, and the cores of tasks.
#include "noded/plans.h"

#include <gtest/gtest.h>

#include "noded/attempt_names.h"
#include "noded/paths.h"
#include "noded/translate.h"
#include "wire/model_codec.h"

namespace cox::noded {
namespace {

wire::Prepare prepare_of(std::uint64_t job, std::uint32_t attempt) {
  JobRequest request;
  request.common.edit().user.name = "ada";
  request.argv = {"true"};
  request.common.edit().directory = "/";
  request.common.edit().partitions = {"batch"};
  request.common.edit().components.emplace_back();
  wire::Prepare prepare;
  prepare.set_job(job);
  prepare.set_attempt(attempt);
  wire::put(request, prepare.mutable_request());
  NodeShare share;
  share.cores = Bitset(4, true);
  share.memory_mib = {100};
  wire::put(share, prepare.mutable_share());
  wire::StepSpec* spec = prepare.mutable_initial();
  spec->set_step(step_batch.value);
  spec->set_is_batch(true);
  wire::StepNode* node = spec->add_nodes();
  node->set_name("n1");
  node->set_tasks(1);
  return prepare;
}

std::string frame_of(wire::Prepare prepare) {
  wire::ControllerMessage message;
  message.set_epoch(1);
  message.set_session(2);
  *message.mutable_prepare() = std::move(prepare);
  return message.SerializeAsString();
}

TEST(Paths, file_names_are_read_back_and_foreign_ones_are_not_ours) {
  const StepKey key{JobId{12}, Attempt{3}, step_batch};
  const Paths paths{"/run/c", "n1"};
  EXPECT_EQ(paths.step_socket(key), "/run/c/steps-n1/12.3.4294967280");
  EXPECT_EQ(paths.begin_mark(key), "/run/c/begun-n1/12.3.4294967280");
  EXPECT_EQ(parse_step_socket_name("12.3.4294967280"), key);
  EXPECT_EQ(parse_attempt_file_name("12.3"), (AttemptKey{JobId{12}, Attempt{3}}));
  for (const char* name :
       {"", "12", "12.", "12.3.4", "012.3", "12.3.tmp", "-1.2", "1.4294967296"}) {
    EXPECT_FALSE(parse_attempt_file_name(name)) << name;
  }
}

TEST(Plans, an_attempt_file_is_read_back) {
  const auto plan = check_plan(prepare_of(5, 2));
  ASSERT_TRUE(plan) << plan.error().message;
  const auto again = parse_attempt_file(attempt_file_text(*plan, true));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->released);
  EXPECT_EQ(again->plan.key(), (AttemptKey{JobId{5}, Attempt{2}}));
  EXPECT_EQ(again->plan.share, plan->share);
  EXPECT_EQ(again->plan.initial(), step_batch);
}

TEST(Plans, an_attempt_that_goes_at_once_marks_its_beginning_and_its_file_says_so) {
  auto prepare = prepare_of(5, 2);
  prepare.set_go_at_once(true);
  const auto plan = check_plan(prepare);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->marks_begin);
  const std::string text = attempt_file_text(*plan, true);
  EXPECT_TRUE(parse_attempt_file(text)->released);
  EXPECT_TRUE(parse_attempt_file(text)->plan.marks_begin);
  // A daemon of before the marks wrote this: nobody can say whether its supervisor began.
  std::string older = text;
  older[older.find('\n') + 1] = 'r';
  EXPECT_TRUE(parse_attempt_file(older)->released);
  EXPECT_FALSE(parse_attempt_file(older)->plan.marks_begin);
  EXPECT_FALSE(check_plan(prepare_of(5, 2))->marks_begin);
}

TEST(Plans, the_word_of_an_attempt_that_is_over_is_no_plan) {
  EXPECT_FALSE(parse_attempt_file(ended_attempt_text()));
}

TEST(Plans, a_damaged_attempt_file_is_refused_at_every_length) {
  const auto plan = check_plan(prepare_of(5, 2));
  ASSERT_TRUE(plan);
  const std::string whole = attempt_file_text(*plan, false);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto cut = parse_attempt_file(whole.substr(0, length));
    // A cut between two fields decodes; it is a plan of the same attempt or none.
    if (cut) {
      EXPECT_EQ(cut->plan.key(), plan->key()) << length;
    }
  }
  EXPECT_FALSE(parse_attempt_file("x"));
  EXPECT_FALSE(parse_attempt_file(""));
}

TEST(Plans, a_step_has_the_part_it_was_given_and_no_core_of_others) {
  const auto plan = check_plan(prepare_of(5, 2));
  ASSERT_TRUE(plan);
  wire::StepSpec spec = *plan->spec(step_batch);
  EXPECT_EQ(*plan->share_of(spec), plan->share) << "all of the attempt's";
  NodeShare part;
  part.cores = Bitset(4);
  part.cores.set(2);
  part.memory_mib = {10};
  wire::put(part, spec.mutable_part());
  EXPECT_EQ(plan->share_of(spec)->cores.to_ranges(), "2");
  part.cores = Bitset(8);
  part.cores.set(5);
  wire::put(part, spec.mutable_part());
  EXPECT_EQ(plan->share_of(spec).error().message,
            "step 4294967280 has cores 5 and devices , its attempt cores 0-3 and devices ");
}

TEST(Translate, a_prepare_becomes_a_request_with_its_plan) {
  const auto received = receive(frame_of(prepare_of(5, 2)));
  ASSERT_TRUE(received);
  const auto& prepare = std::get<agent::Prepare>(received->request);
  EXPECT_EQ(prepare.origin, (agent::Origin{Epoch{1}, Session{2}}));
  EXPECT_EQ(prepare.initial, step_batch);
  EXPECT_TRUE(received->plan);
}

TEST(Translate, a_plan_that_cannot_be_taken_is_answered_not_dropped) {
  wire::Prepare prepare = prepare_of(5, 2);
  prepare.mutable_initial()->mutable_nodes(0)->set_tasks(0);
  const auto received = receive(frame_of(prepare));
  ASSERT_TRUE(received);
  EXPECT_EQ(received->refusal, "initial step: number of tasks 0");
}

TEST(Translate, hostile_frames_are_refused_by_name) {
  EXPECT_EQ(receive("\xff\xff\xff").error().message, "message cannot be decoded");
  EXPECT_EQ(receive("").error().message, "message of an unknown kind");
  EXPECT_EQ(receive(frame_of(prepare_of(0, 1))).error().message, "job 0 or attempt 0");
  wire::ControllerMessage close;
  close.mutable_close()->set_job(1);
  close.mutable_close()->set_attempt(1);
  close.mutable_close()->set_cause(99);
  EXPECT_EQ(receive(close.SerializeAsString()).error().message, "unknown cause 99");
  wire::ControllerMessage registered;
  registered.mutable_registered()->set_cluster("a/../b");
  EXPECT_EQ(receive(registered.SerializeAsString()).error().message, "cluster name a/../b");
  EXPECT_FALSE(receive_status("junk"));
}

TEST(Translate, a_refused_registration_carries_the_controllers_reason) {
  wire::ControllerMessage message;
  message.mutable_registered()->set_error("node n1 is connected from elsewhere");
  const auto received = receive(message.SerializeAsString());
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, Code::refused);
  EXPECT_EQ(received.error().message, "node n1 is connected from elsewhere");
}

TEST(AttemptNames, call_elements_as_people_do_and_others_by_their_ids) {
  std::map<AttemptKey, AttemptPlan> plans;
  const AttemptNames names(plans);
  const AttemptKey key{JobId{17}, Attempt{2}};
  EXPECT_EQ(names.text(key), "17.2") << "it is not known here";
  plans[key].prepare = prepare_of(17, 2);
  EXPECT_EQ(names.text(key), "17.2");
  plans[key].prepare.mutable_element()->set_array(7);
  plans[key].prepare.mutable_element()->set_index(4);
  EXPECT_EQ(names.text(key), "7_4.2");
  EXPECT_EQ(names.text(StepKey{key.job, key.attempt, step_batch}), "7_4.2.batch");
  EXPECT_EQ(names.text(StepKey{JobId{8}, Attempt{1}, StepId{3}}), "8.1.3");
}

}  // namespace
}  // namespace cox::noded
