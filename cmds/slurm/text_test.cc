// Forms of times, numbers, lists and states.
#include "cmds/slurm/text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "cmds/slurm/sacct_time.h"
#include "model/time.h"

namespace cox::cmds::slurm {
namespace {

std::int64_t us(std::int64_t seconds_of) {
  return seconds_of * 1'000'000;
}

/// A variable of the environment for the length of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    ::setenv(name, value, 1);
    ::tzset();
  }

  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(SlurmText, SpansHaveTheFormOfTheirCommand) {
  EXPECT_EQ(short_span(us(1800)), "30:00");
  EXPECT_EQ(short_span(us(3723)), "1:02:03");
  EXPECT_EQ(short_span(us(2 * 86400 + 5)), "2-00:00:05");
  EXPECT_EQ(long_span(us(1800)), "00:30:00");
  EXPECT_EQ(long_span(us(86400)), "1-00:00:00");
  EXPECT_EQ(cpu_span(us(61) + 5000), "01:01.005");
  EXPECT_EQ(cpu_span(us(61)), "00:01:01");
  EXPECT_EQ(cpu_span(us(3600) + 5000), "01:00:00");
}

TEST(SlurmText, NumbersAreShortenedWhereTheyAreMultiples) {
  EXPECT_EQ(count(2048, false), "2K");
  EXPECT_EQ(count(2048, true), "2048");
  EXPECT_EQ(count(1500, false), "1500");
  EXPECT_EQ(memory(2048, false), "2G");
  EXPECT_EQ(memory(2048, true), "2048M");
  EXPECT_EQ(memory(500, false), "500M");
  EXPECT_EQ(memory(0, false), "0");
}

TEST(SlurmText, ContractTrap25DatesFollowTheVariable) {
  const Variable zone("TZ", "UTC");
  EXPECT_EQ(date(us(1'000'000'000), "N/A"), "2001-09-09T01:46:40");
  EXPECT_EQ(date(0, "N/A"), "N/A");
  const Variable format("SLURM_TIME_FORMAT", "%s");
  EXPECT_EQ(date(us(1'000'000'000), "N/A"), "1000000000");
}

TEST(SlurmText, ListsAreSplitOutsideBrackets) {
  EXPECT_EQ(list_parts("1,2_[3,4],,5"), (std::vector<std::string>{"1", "2_[3,4]", "5"}));
}

TEST(SlurmText, StatesAreTakenInAnyForm) {
  EXPECT_EQ(*state_words("pd,RUNNING,s"),
            (std::vector<std::string>{"PENDING", "RUNNING", "SUSPENDED"}));
  EXPECT_TRUE(state_words("all")->empty());
  EXPECT_EQ(state_words("PD,DONE").error().message, "Invalid job state specified: DONE");
}

wire::JobView array() {
  wire::JobView job;
  job.set_job(7);
  job.set_array(7);
  job.set_id("7_[0-2%2]");
  job.set_elements("0-2%2");
  return job;
}

TEST(SlurmText, ContractTrap8APendingArrayIsOneIdOrOneLineEach) {
  EXPECT_EQ(array_id(array()), "7_[0-2%2]");
  std::vector<std::string> ids;
  for (const wire::JobView& one : elements_of(array())) ids.push_back(array_id(one));
  EXPECT_EQ(ids, (std::vector<std::string>{"7_0", "7_1", "7_2"}));
}

TEST(SlurmText, LongIndexListsAreCutAsTheVariableSays) {
  wire::JobView job = array();
  job.set_id("7_[1,3,5,7,9%2]");
  const Variable length("SLURM_BITSTR_LEN", "5");
  EXPECT_EQ(array_id(job), "7_[1,3,5...%2]");
  const Variable all("SLURM_BITSTR_LEN", "0");
  EXPECT_EQ(array_id(job), "7_[1,3,5,7,9%2]");
}

TEST(SlurmText, ContractTrap9TimesOfSacct) {
  const Variable zone("TZ", "UTC");
  const Instant now{us(1'000'000'000)};
  EXPECT_EQ(parse_sacct_time("now-1day", now)->us, now.us - us(86400));
  EXPECT_EQ(parse_sacct_time("now-90", now)->us, now.us - us(90));
  EXPECT_EQ(parse_sacct_time("2001-09-09T00:00", now)->us, us(999'993'600));
  EXPECT_EQ(parse_sacct_time("midnight", now)->us, us(999'993'600));
  EXPECT_EQ(parse_sacct_time("09/09/01", now)->us, us(999'993'600));
  EXPECT_EQ(parse_sacct_time("090901", now)->us, us(999'993'600));
  EXPECT_LE(parse_sacct_time("1970-01-01", now)->us, 0);
  EXPECT_EQ(parse_sacct_time("teatime", now).error().message,
            "Invalid time specification (teatime)");
}

}  // namespace
}  // namespace cox::cmds::slurm
