// Hostile and careless submits are refused with the value at fault; good ones lose nothing.
#include "ctld/translate/client_request.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "common/text.h"
#include "wire/model_codec.h"

namespace cox::ctld {
namespace {

constexpr Caller ada{1001, 100, Role::user};
const UserIdentity ada_identity{1001, 100, {4}, "ada", "/home/ada", "/bin/sh"};

wire::Submit good_submit() {
  JobRequest request;
  request.common.edit().directory = "/home/ada";
  request.common.edit().components = {Component{}};
  wire::Submit submit;
  wire::put(request, submit.mutable_request());
  submit.set_script("#!/bin/sh\ntrue\n");
  submit.add_environment("PATH=/bin");
  submit.add_environment("EMPTY=");
  return submit;
}

std::string refusal(const wire::Submit& submit) {
  const auto made = translate_submit(submit, ada, ada_identity);
  if (made) return "accepted";
  EXPECT_EQ(made.error().code, Code::bad_usage);
  return made.error().message;
}

TEST(ClientRequest, a_good_submit_has_its_content_under_its_hashes) {
  const auto made = translate_submit(good_submit(), ada, ada_identity);
  ASSERT_TRUE(made) << made.error().message;
  const JobRequest& request = made->request.request;
  EXPECT_EQ(request.common->user, ada_identity);
  EXPECT_EQ(request.name, "job");
  ASSERT_EQ(made->blobs.size(), 2U);
  EXPECT_EQ(request.script, made->blobs[0].hash);
  EXPECT_EQ(request.script, wire::hash_bytes("#!/bin/sh\ntrue\n"));
  EXPECT_EQ(*made->blobs[1].bytes, std::string("PATH=/bin\0EMPTY=\0", 17));
}

TEST(ClientRequest, a_name_stands_in_one_line_and_is_no_longer_than_that_of_a_file) {
  wire::Submit submit = good_submit();
  for (const char* name : {"two\nlines", "bell\a", "\x1b[31mred", "cut \xc3"}) {
    submit.mutable_request()->set_name(name);
    EXPECT_EQ(refusal(submit),
              "--job-name " + cox::quoted(name) + ": has a character that cannot be printed");
  }
  submit.mutable_request()->set_name("right \xe2\x80\xae to left");
  EXPECT_EQ(refusal(submit),
            "--job-name right \\xe2\\x80\\xae to left: has a character that cannot be printed");
  submit.mutable_request()->set_name("  ");
  EXPECT_EQ(refusal(submit), "--job-name '  ': has nothing but blanks");
  submit.mutable_request()->set_name(std::string(256, 'n'));
  EXPECT_EQ(refusal(submit),
            "--job-name " + std::string(40, 'n') + "...: 256 bytes are over the limit of 255");
  for (const std::string& name : {std::string(255, 'n'), std::string("a job's näme, 50% done")}) {
    submit.mutable_request()->set_name(name);
    EXPECT_EQ(refusal(submit), "accepted");
  }
  wire::SubmitVariant variant;
  variant.mutable_job()->set_name("two\nlines");
  const auto base = translate_submit(good_submit(), ada, ada_identity);
  ASSERT_TRUE(base);
  EXPECT_FALSE(translate_variant(*base, good_submit(), variant));
}

TEST(ClientRequest, a_name_taken_from_the_command_is_made_printable) {
  wire::Submit submit = good_submit();
  submit.clear_script();
  submit.mutable_request()->add_argv("/opt/odd\nname");
  const auto made = translate_submit(submit, ada, ada_identity);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->request.request.name, "odd\\x0aname");
}

TEST(ClientRequest, a_variant_differs_in_what_it_sets_alone) {
  const wire::Submit message = good_submit();
  const auto base = translate_submit(message, ada, ada_identity);
  ASSERT_TRUE(base);
  wire::SubmitVariant variant;
  variant.set_key_low(9);
  variant.mutable_job()->set_name("second");
  variant.mutable_job()->set_time_limit_us(minutes(3).us);
  variant.set_script("#!/bin/sh\nfalse\n");
  variant.add_environment("EMPTY=no");
  variant.add_environment("MORE=1");
  const auto made = translate_variant(*base, message, variant);
  ASSERT_TRUE(made) << made.error().message;
  const JobRequest& request = made->request.request;
  EXPECT_EQ(made->request.key, (ClientKey{{0, 9}}));
  EXPECT_EQ(request.name, "second");
  EXPECT_EQ(request.time_limit, minutes(3));
  EXPECT_EQ(request.script, wire::hash_bytes("#!/bin/sh\nfalse\n"));
  EXPECT_EQ(request.environment,
            wire::hash_bytes(std::string("PATH=/bin\0EMPTY=no\0MORE=1\0", 26)));
  EXPECT_TRUE(request.common.is_same(base->request.request.common));
  const auto same = translate_variant(*base, message, wire::SubmitVariant{});
  ASSERT_TRUE(same);
  EXPECT_EQ(same->request.request, base->request.request);
}

TEST(ClientRequest, a_variant_is_checked_as_a_submit_is) {
  const wire::Submit message = good_submit();
  const auto base = translate_submit(message, ada, ada_identity);
  const auto refused = [&](const wire::SubmitVariant& variant) {
    const auto made = translate_variant(*base, message, variant);
    return made ? "accepted" : made.error().message;
  };
  wire::SubmitVariant variant;
  variant.set_script("no interpreter");
  EXPECT_NE(refused(variant).find("does not begin with #!"), std::string::npos);
  variant.clear_script();
  variant.add_environment("=x");
  EXPECT_NE(refused(variant).find("is not NAME=VALUE"), std::string::npos);
  variant.clear_environment();
  variant.mutable_job()->set_time_limit_us(-1);
  EXPECT_NE(refused(variant).find("time limit -1 is not between"), std::string::npos);
  variant.mutable_job()->clear_time_limit_us();
  variant.mutable_job()->set_name(std::string(5000, 'x'));
  EXPECT_NE(refused(variant).find("over the limit of 4096"), std::string::npos);
}

TEST(ClientRequest, hashes_and_identities_of_the_client_do_not_count) {
  wire::Submit submit = good_submit();
  wire::put(wire::hash_bytes("another script"), submit.mutable_request()->mutable_script());
  submit.mutable_request()->mutable_user()->set_name("root");
  submit.mutable_request()->mutable_user()->add_groups(0);
  const auto made = translate_submit(submit, ada, ada_identity);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->request.request.script, wire::hash_bytes("#!/bin/sh\ntrue\n"));
  EXPECT_EQ(made->request.request.common->user, ada_identity);
}

TEST(ClientRequest, a_command_gives_the_job_its_name) {
  wire::Submit submit = good_submit();
  submit.clear_script();
  submit.mutable_request()->add_argv("/opt/bin/solver");
  const auto made = translate_submit(submit, ada, ada_identity);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->request.request.name, "solver");
  EXPECT_TRUE(made->request.request.script.empty());
}

TEST(ClientRequest, scripts_that_cannot_run_are_refused_with_the_reason) {
  wire::Submit submit = good_submit();
  submit.set_script("echo hello\n");
  EXPECT_NE(refusal(submit).find("does not begin with #!"), std::string::npos);
  submit.set_script("#!/bin/sh\ntrue\nfalse\r\n");
  EXPECT_EQ(refusal(submit), "line 3 of the script has a DOS line end (see: dos2unix)");
  submit.set_script(std::string("#!/bin/sh\n\0", 11));
  EXPECT_EQ(refusal(submit), "the script holds a NUL byte");
  submit.set_script("#!" + std::string(wire::script_bytes_max, 'x'));
  EXPECT_NE(refusal(submit).find("over the limit"), std::string::npos);
}

TEST(ClientRequest, an_entry_that_is_no_variable_is_refused_by_name) {
  wire::Submit submit = good_submit();
  submit.add_environment("no_equals_sign");
  EXPECT_NE(refusal(submit).find("no_equals_sign"), std::string::npos);
  submit.set_environment(2, "=value");
  EXPECT_NE(refusal(submit).find("is not NAME=VALUE"), std::string::npos);
  submit.set_environment(2, std::string("A=b\0C=d", 7));
  EXPECT_NE(refusal(submit).find("A"), std::string::npos);
}

TEST(ClientRequest, a_job_without_anything_to_run_is_refused) {
  wire::Submit submit = good_submit();
  submit.clear_script();
  EXPECT_EQ(refusal(submit), "a batch job needs a script or a command");
  submit.mutable_request()->set_kind(static_cast<std::uint32_t>(JobKind::interactive));
  submit.set_script("#!/bin/sh\n");
  EXPECT_EQ(refusal(submit), "an interactive job has no script");
}

TEST(ClientRequest, a_relative_directory_is_refused) {
  wire::Submit submit = good_submit();
  submit.mutable_request()->set_directory("here");
  EXPECT_NE(refusal(submit).find("here"), std::string::npos);
}

TEST(ClientRequest, what_a_client_says_of_the_past_does_not_count) {
  wire::Submit submit = good_submit();
  submit.mutable_request()->set_dependency("afterok:7");
  wire::PastJob& lie = *submit.mutable_request()->add_past();
  lie.set_job(7);
  lie.set_state(static_cast<std::uint32_t>(JobState::completed));
  const PastJob truth{JobId{7}, {}, Instant{1}, Instant{2}, JobState::failed};
  const PastJob other{JobId{8}, {}, Instant{1}, Instant{2}, JobState::failed};
  const auto made = translate_submit(submit, ada, ada_identity, {truth, other});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->request.request.terms->past, std::vector<PastJob>{truth});
  submit.mutable_request()->set_dependency("afterok:x");
  EXPECT_EQ(refusal(submit), "dependency: dependency \"x\": is no JOB, JOB_INDEX or JOB+MINUTES");
}

TEST(ClientRequest, an_update_says_what_is_wrong_with_it) {
  const auto refused = [](const wire::JobChanges& changes, const ArraySpec& elements = {}) {
    wire::JobAction action;
    action.set_kind(wire::JobAction::UPDATE);
    *action.mutable_changes() = changes;
    const auto made = translate_action({}, action, ada, JobId{7}, elements);
    return made ? std::string() : made.error().message;
  };
  wire::JobChanges changes;
  EXPECT_EQ(refused(changes), "no change is asked for");
  changes.set_nice(5);
  EXPECT_EQ(refused(changes), "");
  EXPECT_EQ(refused(changes, single_element(3)), "");
  changes.set_dependency("afterok");
  EXPECT_NE(refused(changes).find("names no job"), std::string::npos);
  changes.set_dependency("");
  EXPECT_EQ(refused(changes), "");
  changes.set_time_limit_us(0);
  EXPECT_NE(refused(changes).find("time limit 0"), std::string::npos);
  changes.clear_time_limit_us();
  changes.set_partitions("a,,b");
  EXPECT_NE(refused(changes).find("an empty name"), std::string::npos);
  changes.clear_partitions();
  changes.mutable_values()->set_directory("here");
  EXPECT_EQ(refused(changes), "") << "it is not named";
  changes.set_directory(true);
  EXPECT_EQ(refused(changes), "directory here is not an absolute path");
  changes.mutable_values()->set_directory("/there");
  EXPECT_EQ(refused(changes), "");
  changes.mutable_values()->set_output(std::string(1 << 20, 'x'));
  EXPECT_NE(refused(changes).find("output"), std::string::npos);
}

std::string update_refusal(const wire::JobChanges& changes) {
  wire::JobAction action;
  action.set_kind(wire::JobAction::UPDATE);
  *action.mutable_changes() = changes;
  const auto made = translate_action({}, action, ada, JobId{7}, {});
  return made ? "accepted" : made.error().message;
}

TEST(ClientRequest, an_update_gives_no_name_that_a_submit_would_not) {
  for (const char* name : {"two\nlines", "\x1b[31mred", "cut \xff"}) {
    wire::JobChanges changes;
    changes.set_name(name);
    const std::string why = cox::quoted(name) + ": has a character that cannot be printed";
    EXPECT_EQ(update_refusal(changes), "job name " + why);
    changes.clear_name();
    changes.set_account(name);
    EXPECT_EQ(update_refusal(changes), "account " + why);
    changes.clear_account();
    changes.set_qos(name);
    EXPECT_EQ(update_refusal(changes), "qos " + why);
    changes.clear_qos();
    changes.set_partitions(name);
    EXPECT_EQ(update_refusal(changes), "partitions " + why);
  }
  wire::JobChanges changes;
  changes.set_name("  ");
  EXPECT_EQ(update_refusal(changes), "job name '  ': has nothing but blanks");
  changes.set_name(std::string(256, 'n'));
  EXPECT_EQ(update_refusal(changes),
            "job name " + std::string(40, 'n') + "...: 256 bytes are over the limit of 255");
  changes.set_name(std::string(255, 'n'));
  EXPECT_EQ(update_refusal(changes), "accepted");
}

TEST(ClientRequest, words_that_choose_can_be_printed) {
  wire::Submit submit = good_submit();
  submit.mutable_request()->set_account("a\x1b[2J");
  EXPECT_EQ(refusal(submit), "--account a\\x1b[2J: has a character that cannot be printed");
  submit.mutable_request()->clear_account();
  submit.mutable_request()->add_partitions("p\xff");
  EXPECT_EQ(refusal(submit), "--partition p\\xff: has a character that cannot be printed");
}

TEST(ClientRequest, labels_are_such_that_a_selector_can_name_them) {
  const auto labelled = [](const std::string& key, const std::string& value) {
    wire::Submit submit = good_submit();
    (*submit.mutable_request()->mutable_labels())[key] = value;
    const std::string told = refusal(submit);
    wire::JobChanges changes;
    changes.add_labels()->set_key(key);
    changes.mutable_labels(0)->set_value(value);
    EXPECT_EQ(update_refusal(changes), told) << "an update as a submit";
    return told;
  };
  const std::string has = " may have letters, digits and - _ . / : + @, at most 64 of them";
  EXPECT_EQ(labelled("a!", "b"), "label \"a!=b\": the key" + has);
  EXPECT_EQ(labelled("a b", "c"), "label \"a b=c\": the key" + has);
  EXPECT_EQ(labelled("app", "c d"), "label \"app=c d\": the value" + has);
  EXPECT_EQ(labelled("\u00e9", "1"), "label \"\u00e9=1\": the key" + has);
  EXPECT_EQ(labelled(std::string(65, 'k'), "1"),
            "label \"" + std::string(65, 'k') + "=1\": the key" + has);
  EXPECT_EQ(labelled("app/x.y:z+1@h", ""), "accepted");
  wire::JobChanges away;
  away.add_labels()->set_key("a b");
  EXPECT_EQ(update_refusal(away), "accepted") << "one that is there already can go";
}

TEST(ClientRequest, bytes_of_any_kind_never_crash_it) {
  EXPECT_TRUE(rc::check([] {
    std::string bytes = good_submit().SerializeAsString();
    const auto changes = *rc::gen::inRange(1, 8);
    for (int i = 0; i < changes; ++i) {
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    }
    wire::Submit submit;
    if (!submit.ParseFromString(bytes)) return;
    const auto made = translate_submit(submit, ada, ada_identity);
    if (made) RC_ASSERT(made->request.request.common->user == ada_identity);
  }));
}

}  // namespace
}  // namespace cox::ctld
