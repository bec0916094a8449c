// What commands print: tables, documents, ids, help.
#include <gtest/gtest.h>

#include <cstdlib>

#include "cmds/client/clean_text.h"
#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/json.h"
#include "cmds/client/local_instants.h"
#include "cmds/client/table.h"
#include "cmds/client/views.h"
#include "cmds/client/wording.h"
#include "cmds/history/columns.h"
#include "cmds/queue/steps.h"
#include "cmds/run/labels.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

TEST(Table, columns_are_aligned_and_the_last_is_not_padded) {
  TableLayout layout;
  layout.headers = {"JOB", "NAME", "WHERE"};
  layout.is_number = {true, false, false};
  EXPECT_EQ(lay_out(layout, {{"1", "a", "n1"}, {"1000", "long", "n[1-2]"}}),
            " JOB  NAME  WHERE\n"
            "   1  a     n1\n"
            "1000  long  n[1-2]\n");
}

TEST(Table, nothing_in_a_cell_steers_a_terminal) {
  TableLayout layout;
  layout.headers = {"A", "B"};
  layout.is_number = {false, false};
  layout.with_header = false;
  EXPECT_EQ(lay_out(layout, {{"\x1b[2J", "end"}}), "?[2J  end\n");
  EXPECT_EQ(lay_out(layout, {{"a\xff\xc3z", "end"}}), "a??z  end\n") << "bytes of no character";
  EXPECT_EQ(lay_out(layout, {{"\u0085|\u202e", "end"}}), "?|?  end\n") << "a column for each";
  EXPECT_EQ(lay_out(layout, {{"n\u00e4me", "end"}}), "n\u00e4me  end\n");
  EXPECT_EQ(clean_text("two\nlines"), "two?lines");
  EXPECT_EQ(clean_lines("two\nlines\x1b\n\n"), "two\nlines?\n\n");
}

TEST(Table, of_a_list_that_is_longer_than_the_screen_the_first_lines_are_shown) {
  const std::string text = "JOB\n1\n2\n3\n";
  EXPECT_EQ(cut_for_screen(text, 5, 80), text);
  EXPECT_EQ(cut_for_screen(text, 4, 80), "JOB\n1\n... 2 more\n");
  EXPECT_EQ(cut_for_screen(text, 3, 80), "JOB\n... 3 more\n");
  EXPECT_EQ(cut_for_screen(text, 0, 80), text) << "no terminal";
  const std::string wide = "JOB\n\033[32m12345\033[0m\n2\n3\n";
  EXPECT_EQ(cut_for_screen(wide, 5, 5), wide);
  EXPECT_EQ(cut_for_screen(wide, 5, 4), wide.substr(0, wide.find("2\n3")) + "... 2 more\n")
      << "one takes two rows";
}

// In every list times are those of the place; sentences of the controller have UTC.
TEST(LocalInstants, what_the_controller_says_in_utc_is_shown_in_local_time) {
  const char* before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TZ", "XST-5:30", 1);
  ::tzset();
  EXPECT_EQ(with_local_instants("2031-05-01T17:30:00.000001Z, when job 3 has ended"),
            "2031-05-01T23:00:00, when job 3 has ended");
  EXPECT_EQ(with_local_instants("down since 2030-12-31T20:00:00.000000Z: fan"),
            "down since 2031-01-01T01:30:00: fan");
  for (const char* other : {"", "2031-05-01", "2031-05-01T17:30:00Z",
                            "12031-05-01T17:30:00.000000Z", "2031-05-01T17:30:00.000000"}) {
    EXPECT_EQ(with_local_instants(other), other);
  }
  before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
  ::tzset();
}

TEST(Steps, the_time_of_one_that_has_ended_stands) {
  const auto given =
      parse(queue_command, {"--steps", "--all", "--no-header", "--format", "step,time"});
  ASSERT_TRUE(given) << given.error().message;
  wire::JobList list;
  wire::JobView& job = *list.add_jobs();
  job.set_job(7);
  for (const std::int64_t ended_us : {63'000'000, 0}) {
    wire::StepView& step = *job.add_steps();
    step.set_step(static_cast<std::uint32_t>(job.steps_size() - 1));
    step.set_started_us(ended_us == 0 ? 0 : 1'000'000);
    step.set_ended_us(ended_us);
  }
  EXPECT_EQ(*steps_text(*given, *JobFilter::make(*given), list), "7.0  1:02\n7.1     -\n");
}

TEST(Table, no_line_ends_with_blanks) {
  TableLayout layout;
  layout.headers = {"JOB", "REASON"};
  layout.is_number = {true, false};
  EXPECT_EQ(lay_out(layout, {{"1", ""}}), "JOB  REASON\n  1\n");
}

TEST(Table, long_texts_are_cut_for_a_narrow_terminal_but_no_numbers_and_no_words) {
  TableLayout layout;
  layout.headers = {"JOB", "NAME", "STATE", "WHERE"};
  layout.is_number = {true, false, false, false};
  const std::vector<std::vector<std::string>> rows = {
      {"1234567890123456", "a_name_longer_than_\xC3\xA4 screen", "OUT_OF_MEMORY", "n[1-2]"}};
  layout.columns_max = 60;
  EXPECT_EQ(lay_out(layout, rows),
            "             JOB  NAME                 STATE          WHERE\n"
            "1234567890123456  a_name_longer_than+  OUT_OF_MEMORY  n[1-2]\n");
  layout.columns_max = 10;
  EXPECT_EQ(lay_out(layout, rows),
            "             JOB  NAME           STATE          WHERE\n"
            "1234567890123456  a_name_longe+  OUT_OF_MEMORY  n[1-2]\n");
}

// Half an instant tells nobody anything.
TEST(Table, instants_are_never_cut) {
  const auto check = [](const auto& columns, const char* list) {
    for (const auto& column : columns) {
      const std::string_view name = column.name;
      if (name != "submitted" && name != "eligible" && name != "started" && name != "ended")
        continue;
      EXPECT_TRUE(column.is_number) << name << " of " << list;
    }
  };
  check(job_columns(), "cox queue");
  check(history_columns(), "cox history");
}

TEST(Table, no_control_byte_reaches_the_terminal) {
  TableLayout layout;
  layout.headers = {"NAME"};
  layout.is_number = {false};
  layout.with_header = false;
  EXPECT_EQ(lay_out(layout, {{"a\033[2Jb\n"}}), "a?[2Jb?\n");
}

TEST(Table, cells_of_every_length_and_alphabet_are_whole_and_aligned) {
  TableLayout layout;
  layout.headers = {"NAME", "WHERE"};
  layout.is_number = {false, false};
  layout.with_header = false;
  for (const std::size_t length : {0U, 1U, 253U, 254U, 255U, 256U, 70'000U}) {
    const std::string plain(length, 'x');
    EXPECT_EQ(lay_out(layout, {{plain, "n1"}, {"y", "n2"}}),
              plain + std::string(length == 0, ' ') + "  n1\ny" +
                  std::string(length == 0 ? 0 : length - 1, ' ') + "  n2\n");
  }
  EXPECT_EQ(lay_out(layout, {{"\xC3\xA4", "n1"}, {"\xFF\xFFz", "\xFF"}}),
            "\xC3\xA4    n1\n??z  ?\n");
}

TEST(Table, an_unknown_column_is_answered_with_the_known_ones) {
  EXPECT_EQ(choose_columns("NAME,job", {"job", "name"}), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(choose_columns("nam", {"job", "name"}).error().message,
            "--format nam: no such column (columns: job,name)");
}

TEST(Json, documents_have_a_version_and_escape_what_they_must) {
  JsonWriter json;
  json.begin_array("jobs");
  json.begin_object();
  json.text("name", "a\"\\\n\x01\xFF\xC3\xA4");
  json.number("cores", std::uint32_t{3});
  json.boolean("held", false);
  json.null("limit");
  json.end_object();
  json.end_array();
  json.begin_array("none");
  json.end_array();
  EXPECT_EQ(json.take(),
            "{\n  \"version\": 1,\n  \"jobs\": [\n    {\n"
            "      \"name\": \"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xC3\xA4\",\n"
            "      \"cores\": 3,\n      \"held\": false,\n      \"limit\": null\n    }\n  ],\n  "
            "\"none\": []\n}\n");
}

TEST(JobNames, ids_and_steps) {
  EXPECT_EQ(parse_job_name("12")->job, JobId{12});
  EXPECT_EQ(parse_job_name("12.batch")->step, step_batch);
  EXPECT_EQ(parse_job_name("12.3")->step, StepId{3});
  EXPECT_EQ(array_text(parse_job_name("12_3")->elements), "3");
  EXPECT_EQ(array_text(parse_job_name("12_[1-3,9%4]")->elements), "1-3,9") << "as lists show it";
  EXPECT_EQ(parse_job_name("12_3.batch")->step, step_batch);
  EXPECT_EQ(parse_job_name("12_[]").error().message,
            "job 12_[]: ID_INDEX or ID_[FIRST-LAST,...] is expected (between jobs a blank)");
  EXPECT_EQ(parse_job_name("12_[0-4000000000]").error().message,
            "job 12_[0-4000000000]: array \"0-4000000000\": is no INDEX, FIRST-LAST or "
            "FIRST-LAST:STEP with numbers up to 4000000");
  for (const char* text : {"", "0", "x", "-1", "1.", "1.x", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_job_name(text)) << text;
  }
}

TEST(JobEnd, an_exit_status_is_there_only_where_something_exited) {
  wire::JobView job;
  job.set_state("RUNNING");
  EXPECT_EQ(exit_text(job), "-");
  job.set_is_final(true);
  job.set_state("COMPLETED");
  EXPECT_EQ(exit_code_of(job), 0);
  job.set_state("FAILED");  // never launched
  EXPECT_EQ(exit_code_of(job), std::nullopt);
  job.set_exit_code(3);
  EXPECT_EQ(exit_text(job), "3");
  job.set_exit_code(0);
  job.set_signal(9);
  EXPECT_EQ(exit_text(job), "-");
  JsonWriter json;
  write_json(job, &json);
  const std::string text = json.take();
  EXPECT_NE(text.find("\"exit_code\": null"), std::string::npos);
  EXPECT_NE(text.find("\"signal\": 9"), std::string::npos);
}

TEST(JobEnd, statuses_are_those_of_a_shell) {
  wire::JobView job;
  job.set_state("COMPLETED");
  EXPECT_EQ(job_status(job), 0);
  job.set_state("CANCELLED");
  EXPECT_EQ(job_status(job), 1);
  job.set_exit_code(3);
  EXPECT_EQ(job_status(job), 3);
  job.set_signal(9);
  EXPECT_EQ(job_status(job), 137);
}

TEST(LineLabels, whole_lines_with_the_rank_as_wide_as_the_largest) {
  LineLabels labels(11);
  EXPECT_EQ(labels.add(1, 1, "a\nb"), " 1: a\n");
  EXPECT_EQ(labels.add(10, 1, "x\n"), "10: x\n");
  EXPECT_EQ(labels.add(1, 1, "c\n"), " 1: bc\n");
  EXPECT_EQ(labels.add(1, 2, "e"), "");
  EXPECT_EQ(labels.finish(1, 2), " 1: e\n");
  EXPECT_EQ(labels.finish(1, 1), "");
}

TEST(Help, fits_in_80_columns_and_names_every_option) {
  for (const Command* command : all_commands()) {
    const std::string text = help_text(*command);
    for (const std::string_view line : split(text, '\n')) {
      EXPECT_LE(line.size(), 80U) << command->name << ": " << line;
    }
    for (const OptionSpec& option : command->options()) {
      const bool is_shown = text.find(std::string("--") + option.name) != std::string::npos;
      if (option.is_supported()) {
        EXPECT_TRUE(is_shown) << command->name << " --" << option.name;
      }
    }
  }
}

TEST(Help, no_table_has_a_name_or_a_letter_twice) {
  for (const Command* command : all_commands()) {
    std::string names, letters;
    for (const OptionSpec& option : command->options()) {
      const std::string name = std::string(" --") + option.name + " ";
      EXPECT_EQ(names.find(name), std::string::npos) << command->name << name;
      names += name;
      if (option.letter == 0) continue;
      EXPECT_EQ(letters.find(option.letter), std::string::npos) << command->name << option.letter;
      letters += option.letter;
    }
  }
}

/// nebius/soperator#2803: a counter over 32 bits broke every client of an API.
TEST(Trap20, a_document_holds_ids_of_64_bits) {
  JsonWriter json;
  json.number("job", std::uint64_t{0x1'0000'0000'0005});
  EXPECT_NE(json.take().find("281474976710661"), std::string::npos);
}

TEST(JobEnd, an_attempt_that_another_followed_has_an_exit_status) {
  wire::JobView attempt;
  attempt.set_state("REQUEUED");
  attempt.set_exit_code(75);
  EXPECT_EQ(exit_code_of(attempt), std::nullopt) << "the job goes on";
  EXPECT_EQ(exit_code_of_attempt(attempt), 75);
  attempt.set_exit_code(0);
  EXPECT_EQ(exit_code_of_attempt(attempt), std::nullopt) << "it was stopped";
}

TEST(Wording, of_a_job_that_waits_calls_elements_as_people_do) {
  wire::JobView job;
  job.set_job(17);
  job.set_id("7_4");
  job.set_state("PENDING");
  job.set_reason("Resources");
  EXPECT_EQ(wait_text(job), "job 7_4 waits: Resources (see: cox why 7_4)");
}

}  // namespace
}  // namespace cox::cmds
