// Options of a request, as they change the request.
#include "cmds/client/request_options.h"

#include <gtest/gtest.h>

#include "cmds/client/begin_time.h"
#include "cmds/client/devices.h"
#include "cmds/client/submission.h"

namespace cox::cmds {
namespace {

Result<RequestDraft> read(const std::vector<std::string>& words) {
  static const auto table = request_options();
  const auto normal = normalise(table, words, Operands::end_options);
  if (!normal) return Failure(normal.error());
  RequestDraft draft;
  for (const GivenOption& option : normal->options) {
    const auto applied = apply_option(option, Instant{1'000'000'000'000'000}, &draft);
    if (!applied) return Failure(applied.error());
  }
  const auto completed = complete(&draft);
  if (!completed) return Failure(completed.error());
  return draft;
}

Component component(const std::vector<std::string>& words) {
  const auto draft = read(words);
  EXPECT_TRUE(draft) << draft.error().message;
  return draft ? draft->job.common->components.front() : Component{};
}

std::string refusal(const std::vector<std::string>& words) {
  const auto draft = read(words);
  return draft ? "" : draft.error().message;
}

TEST(RequestOptions, a_text_that_is_too_long_is_named_with_the_limit) {
  EXPECT_EQ(refusal({"--comment", std::string(4096, 'a')}), "");
  EXPECT_EQ(refusal({"--comment", std::string(4097, 'a')}),
            "--comment " + std::string(40, 'a') + "...: longer than 4096 bytes");
}

TEST(RequestOptions, nothing_given_is_one_node) {
  EXPECT_EQ(component({}), Component{});
}

TEST(RequestOptions, nodes_are_a_number_or_a_range) {
  EXPECT_EQ(component({"-N2"}).nodes_max, 2U);
  EXPECT_EQ(component({"-N2-4"}).nodes_min, 2U);
  EXPECT_EQ(component({"-N2-4"}).nodes_max, 4U);
  EXPECT_NE(refusal({"-N4-2"}), "");
  EXPECT_NE(refusal({"-N0"}), "");
  EXPECT_NE(refusal({"-Nx"}), "");
}

TEST(RequestOptions, tasks_without_nodes_may_use_up_to_as_many_nodes) {
  EXPECT_EQ(component({"-n8"}).nodes_min, 1U);
  EXPECT_EQ(component({"-n8"}).nodes_max, 8U);
}

TEST(RequestOptions, tasks_per_node_give_the_number_of_nodes) {
  EXPECT_EQ(component({"-n9", "--ntasks-per-node=4"}).nodes_min, 3U);
  EXPECT_EQ(component({"-n9", "--ntasks-per-node=4"}).nodes_max, 3U);
}

TEST(RequestOptions, fewer_tasks_than_nodes_are_refused) {
  EXPECT_EQ(refusal({"-N4", "-n3"}), "--ntasks 3: fewer than the 4 nodes asked for");
}

TEST(RequestOptions, fewer_nodes_than_are_named_are_refused) {
  EXPECT_EQ(refusal({"-N1", "-w", "n[1-2]"}), "--nodes 1: fewer than the 2 of --nodelist");
  EXPECT_EQ(component({"-N1-2", "-w", "n[1-2]"}).nodes_max, 2U);
  EXPECT_EQ(component({"-w", "n[1-2]"}).nodes_min, 2U);
  EXPECT_EQ(component({"-N1", "-w", "n1,n1"}).nodes_max, 1U);
}

TEST(RequestOptions, memory_is_per_node_or_per_cpu_the_last_wins) {
  EXPECT_EQ(component({"--mem=2G"}).memory_per_node_mib, 2048);
  EXPECT_EQ(component({"--mem=2G", "--mem-per-cpu=1G"}).memory_per_node_mib, -1);
  EXPECT_EQ(component({"--mem=0"}).memory_per_node_mib, 0);
  EXPECT_NE(refusal({"--mem=lots"}).find("--mem"), std::string::npos);
}

TEST(RequestOptions, gpus_are_divided_over_the_nodes) {
  const Component part = component({"-N2", "-G4"});
  ASSERT_EQ(part.devices.size(), 1U);
  EXPECT_EQ(part.devices.front(), (DeviceRequest{"gpu", "", 2}));
  EXPECT_NE(refusal({"-N2", "-G3"}).find("--gpus 3"), std::string::npos);
}

TEST(RequestOptions, a_later_option_replaces_an_earlier_one) {
  EXPECT_FALSE(read({"--requeue", "--no-requeue"})->job.common->requeue);
  EXPECT_TRUE(read({"--no-requeue", "--requeue"})->job.common->requeue);
  EXPECT_EQ(read({"-p", "a,b", "-p", "c"})->job.common->partitions, std::vector<std::string>{"c"});
}

TEST(RequestOptions, days_and_hours_are_a_limit) {
  EXPECT_EQ(read({"-t", "1-12"})->job.time_limit, minutes(36 * 60));
  EXPECT_EQ(read({"-t", "0"})->job.time_limit, duration_unlimited);
  EXPECT_EQ(read({"-t", "unlimited"})->job.time_limit, duration_unlimited);
  EXPECT_EQ(read({})->job.time_limit, Duration{0});  // not given
  EXPECT_NE(refusal({"-t", "soon"}).find("--time"), std::string::npos);
}

TEST(RequestOptions, huge_node_lists_are_refused_before_they_are_expanded) {
  EXPECT_NE(refusal({"-w", "n[1-9999999999]"}).find("--nodelist"), std::string::npos);
}

TEST(RequestOptions, patterns_are_checked_here) {
  EXPECT_EQ(read({"-o", "out-%j.txt"})->job.common->output, "out-%j.txt");
  EXPECT_NE(refusal({"-o", "out-%Q"}).find("--output"), std::string::npos);
}

TEST(Devices, types_and_counts) {
  EXPECT_EQ(*parse_gpus("gpus", "a100:2"), (DeviceRequest{"gpu", "a100", 2}));
  EXPECT_FALSE(parse_gpus("gpus", "a100"));
  EXPECT_FALSE(parse_gpus("gpus", ""));
  EXPECT_EQ(parse_gres("gpu:v100:1,nic")->at(1), (DeviceRequest{"nic", "", 1}));
  EXPECT_EQ(parse_gres("gpu:2")->at(0), (DeviceRequest{"gpu", "", 2}));
  EXPECT_TRUE(parse_gres("none")->empty());
  for (const char* text : {"", ":2", "gpu:", "gpu:a:b", "gpu:a:1:2", "gpu:99999"}) {
    EXPECT_FALSE(parse_gres(text)) << text;
  }
}

TEST(BeginTime, spans_from_now) {
  const Instant now{1'000'000'000'000'000};
  EXPECT_EQ(*parse_begin_time("now", now), now);
  EXPECT_EQ(*parse_begin_time("now+90", now), now + seconds(90));
  EXPECT_EQ(*parse_begin_time("now+2hours", now), now + minutes(120));
  EXPECT_EQ(*parse_begin_time("now+1day", now), now + minutes(1440));
  for (const char* text :
       {"now+420361615d", "now+", "now+x", "now+1year", "now-1", "now+99999999999999999999"}) {
    EXPECT_FALSE(parse_begin_time(text, now)) << text;
  }
}

TEST(BeginTime, calendar_times) {
  const Instant now{1'000'000'000'000'000};
  const auto day = parse_begin_time("2031-05-01", now);
  const auto hour = parse_begin_time("2031-05-01T08:30", now);
  ASSERT_TRUE(day && hour);
  EXPECT_EQ(*hour - *day, minutes(510));
  for (const char* text : {"2031-13-01", "2031-02-30", "2031-05", "25:00", "teatime", ""}) {
    EXPECT_FALSE(parse_begin_time(text, now)) << text;
  }
}

TEST(BeginTime, a_time_of_day_that_is_past_means_tomorrow) {
  const Instant now{1'000'000'000'000'000};
  for (const char* text : {"00:00", "12:00", "23:59:59", "noon", "midnight"}) {
    const auto at = parse_begin_time(text, now);
    ASSERT_TRUE(at) << text;
    EXPECT_GE(*at, now) << text;
    EXPECT_LE(*at, now + minutes(25 * 60)) << text;
  }
}

TEST(Export, selects_variables) {
  const std::vector<std::string> all = {"HOME=/h", "PATH=/bin", "X=1"};
  using Texts = std::vector<std::string>;
  EXPECT_EQ(*exported_environment("ALL", all), all);
  EXPECT_EQ(*exported_environment("NONE", all), Texts{});
  EXPECT_EQ(*exported_environment("X,MISSING", all), Texts{"X=1"});
  EXPECT_EQ(*exported_environment("ALL,X=2", all), (Texts{"HOME=/h", "PATH=/bin", "X=2"}));
  EXPECT_EQ(*exported_environment("Y='a,b',X", all), (Texts{"Y=a,b", "X=1"}));
  EXPECT_FALSE(exported_environment("9X", all));
  EXPECT_FALSE(exported_environment("", all));
}

TEST(ClientKey, differs_each_time) {
  const ClientKey key = make_client_key();
  EXPECT_FALSE(key.empty());
  EXPECT_NE(key, make_client_key());
}

TEST(ClientKey, of_the_same_words_is_the_same) {
  EXPECT_EQ(client_key_of("night 7"), client_key_of("night 7"));
  EXPECT_NE(client_key_of("night 7"), client_key_of("night 8"));
}

}  // namespace
}  // namespace cox::cmds
