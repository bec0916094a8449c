// Every value of the vocabulary survives its bytes, and hostile bytes are refused with a reason.
#include "wire/model_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>

#include "common/text.h"

namespace cox::wire {
namespace {

template <class Message, class Value>
Result<Value> through_bytes(const Value& value) {
  Message message;
  put(value, &message);
  Message parsed;
  RC_ASSERT(parsed.ParseFromString(message.SerializeAsString()));
  return take(parsed);
}

/// Any bytes but NUL: names of files need not be UTF-8.
std::string any_text() {
  return *rc::gen::container<std::string>(
      rc::gen::suchThat(rc::gen::arbitrary<char>(), [](char c) { return c != '\0'; }));
}

std::vector<std::string> any_texts() {
  std::vector<std::string> texts(*rc::gen::inRange<std::size_t>(0, 4));
  for (auto& text : texts) text = any_text();
  return texts;
}

template <class Number>
Number any_number(Number low, Number high) {
  return *rc::gen::inRange<Number>(low, high);
}

std::uint32_t any_u32() {
  return *rc::gen::arbitrary<std::uint32_t>();
}

cox::Hash any_hash() {
  cox::Hash hash;
  for (auto& byte : hash.bytes) byte = *rc::gen::arbitrary<std::uint8_t>();
  return hash;
}

Bitset any_set(std::size_t size) {
  Bitset set(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (*rc::gen::arbitrary<bool>()) set.set(i);
  }
  return set;
}

std::vector<std::int64_t> any_amounts(std::size_t count) {
  std::vector<std::int64_t> amounts(count);
  for (auto& amount : amounts) amount = any_number<std::int64_t>(0, 1 << 30);
  return amounts;
}

cox::Component any_component() {
  cox::Component c;
  c.nodes_min = any_number<std::uint32_t>(1, 100);
  c.nodes_max = c.nodes_min + any_number<std::uint32_t>(0, 100);
  c.tasks = any_number<std::uint32_t>(0, tasks_max);
  c.tasks_per_node = any_number<std::uint32_t>(0, 100);
  c.cpus_per_task = any_number<std::uint32_t>(0, 100);
  c.memory_per_node_mib = any_number<std::int64_t>(-1, 1 << 30);
  c.memory_per_cpu_mib = any_number<std::int64_t>(-1, 1 << 30);
  c.devices = {{any_text(), any_text(), any_number<std::uint32_t>(0, 16)}};
  c.exclusive = *rc::gen::arbitrary<bool>();
  return c;
}

cox::BindRequest any_bind() {
  cox::BindRequest bind{static_cast<BindKind>(any_number(0, 9)), {}};
  if (bind.kind == BindKind::list) bind.list = {{0, 1, 7}, {any_number<std::uint32_t>(0, 1000)}};
  return bind;
}

cox::Distribution any_distribution() {
  const auto kind = static_cast<DistributionKind>(any_number(0, 4));
  return {kind, kind == DistributionKind::plane ? any_number<std::uint32_t>(1, 99) : 0U};
}

cox::StepRequest any_step() {
  cox::StepRequest s;
  s.argv = any_texts();
  s.name = any_text();
  s.nodes = any_number<std::uint32_t>(0, 1000);
  s.tasks = any_number<std::uint32_t>(0, 1000);
  s.tasks_per_node = any_number<std::uint32_t>(0, 1000);
  s.cpus_per_task = any_number<std::uint32_t>(0, 1000);
  s.environment = any_hash();
  s.directory = any_text();
  s.output = any_text();
  s.error = any_text();
  s.input = any_text();
  s.mpi = static_cast<MpiKind>(any_number(0, 5));
  s.label_output = *rc::gen::arbitrary<bool>();
  s.kill_on_bad_exit = *rc::gen::arbitrary<bool>();
  s.time_limit = seconds(any_number(0, 1'000'000));
  s.sharing = static_cast<StepSharing>(any_number(0, 3));
  s.memory_per_node_mib = any_number<std::int64_t>(-1, 1 << 30);
  s.memory_per_cpu_mib = any_number<std::int64_t>(-1, 1 << 30);
  s.devices = {{any_text(), any_text(), any_number<std::uint32_t>(0, 16)}};
  s.nodes_wanted = any_texts();
  s.nodes_excluded = any_texts();
  if (*rc::gen::arbitrary<bool>()) s.input_task = any_number<std::uint32_t>(0, 1000);
  s.bind = any_bind();
  s.distribution = any_distribution();
  s.pty = *rc::gen::arbitrary<bool>();
  return s;
}

cox::JobRequest any_job() {
  cox::JobRequest j;
  cox::JobCommon& c = j.common.edit();
  c.kind = static_cast<JobKind>(any_number(0, 2));
  c.user = {any_u32(), any_u32(), {any_u32(), any_u32()}, any_text(), any_text(), any_text()};
  c.account = any_text();
  c.qos = any_text();
  j.name = any_text();
  c.comment = any_text();
  c.labels = {{"rack", any_text()}, {"", any_text()}};
  j.script = any_hash();
  j.argv = any_texts();
  j.environment = any_hash();
  c.directory = any_text();
  c.output = any_text();
  c.error = any_text();
  c.input = any_text();
  c.append_output = *rc::gen::arbitrary<bool>();
  c.truncate_output = !c.append_output && *rc::gen::arbitrary<bool>();
  c.ends_with_client = *rc::gen::arbitrary<bool>();
  c.umask = any_number<std::uint32_t>(0, 01000);
  c.limits = {{any_number(0, 16), *rc::gen::arbitrary<std::uint64_t>(), ~std::uint64_t{0}}};
  c.submit_host = any_text();
  c.submit_directory = any_text();
  c.partitions = any_texts();
  if (*rc::gen::arbitrary<bool>()) {
    JobWishes& wishes = c.wishes.edit();
    wishes.constraint = Constraint::parse(" [ rack=a | fat ]&gpu*2").value();
    wishes.prefer = *rc::gen::arbitrary<bool>() ? "" : "rack=b|!fat";
    wishes.licenses = parse_licenses(*rc::gen::arbitrary<bool>() ? "" : "matlab:2,a").value();
    const auto leaves = any_number(0U, 3U);
    if (leaves != 0) wishes.switches = {leaves, seconds(any_number(0, 99)), any_number(0, 2) == 1};
  }
  c.nodes_wanted = any_texts();
  c.nodes_excluded = any_texts();
  c.components = {any_component(), any_component()};
  j.begin = Instant{any_number<std::int64_t>(0, 1LL << 60)};
  c.array.at_once_max = *rc::gen::inRange(0U, 100U);
  for (auto at = 0U; *rc::gen::arbitrary<bool>();) {
    const auto count = *rc::gen::inRange(1U, 9U), step = count == 1 ? 1 : *rc::gen::inRange(1U, 9U);
    c.array.ranges.push_back({at, at + (count - 1) * step, step});
    at = c.array.ranges.back().last + 2;
  }
  c.nice = *rc::gen::arbitrary<std::int32_t>();
  j.held = *rc::gen::arbitrary<bool>();
  c.requeue = *rc::gen::arbitrary<bool>();
  c.has_initial_step = *rc::gen::arbitrary<bool>();
  if (c.has_initial_step) c.initial_step = any_step();
  c.bind = any_bind();
  c.distribution = any_distribution();
  c.early_signal = {any_number(0, 65), seconds(any_number(0, 1000)), *rc::gen::arbitrary<bool>()};
  c.retry = {any_number(0U, 1000U), {{1, any_number(1U, 256U)}}};
  if (!*rc::gen::arbitrary<bool>()) return j;
  JobTerms& terms = j.terms.edit();
  terms.dependency =
      parse_dependency(*rc::gen::elementOf(std::vector<std::string>{
                           "afterok:7:8_3+10,singleton", "after:1?afternotok:2", "aftercorr:9"}))
          .value();
  terms.keep_when_never = *rc::gen::arbitrary<bool>();
  terms.deadline = Instant{any_number<std::int64_t>(0, 1LL << 60)};
  terms.past = {{JobId(8), 3, Instant{}, Instant{6}, JobState::deadline},
                {JobId(9),
                 {},
                 Instant{5},
                 Instant{6},
                 JobState::failed,
                 any_number(0, 256),
                 9,
                 "never: afterok:7"}};
  return j;
}

cox::NodeClass any_class() {
  cox::NodeClass c;
  c.hash = any_hash();
  c.numa_nodes = any_number<std::uint16_t>(1, 5);
  c.packages = any_number<std::uint16_t>(1, 3);
  const auto cores = any_number<std::uint16_t>(1, 70);
  for (std::uint16_t i = 0; i < cores; ++i) {
    c.cores.push_back({any_number<std::uint16_t>(0, c.packages),
                       any_number<std::uint16_t>(0, c.numa_nodes),
                       any_number<std::uint16_t>(0, 100), any_number<std::uint16_t>(1, 9)});
  }
  c.devices = {{"gpu", any_text(), any_number<std::uint16_t>(0, c.numa_nodes), any_set(cores)}};
  return c;
}

cox::NodeShare any_share(std::uint32_t node) {
  return {NodeId(node),   any_set(any_number<std::size_t>(0, 200)),
          any_amounts(2), any_set(any_number<std::size_t>(0, 9)),
          any_amounts(1), any_number<std::uint32_t>(0, 1000)};
}

TEST(ModelCodec, a_job_request_survives_its_bytes) {
  EXPECT_TRUE(rc::check([] {
    const auto job = any_job();
    RC_ASSERT(through_bytes<JobRequest>(job) == job);
  }));
}

TEST(ModelCodec, a_step_request_survives_its_bytes) {
  EXPECT_TRUE(rc::check([] {
    const auto step = any_step();
    RC_ASSERT(through_bytes<StepRequest>(step) == step);
  }));
}

TEST(ModelCodec, an_inventory_survives_its_bytes) {
  EXPECT_TRUE(rc::check([] {
    cox::NodeInventory node;
    node.name = "n001";
    node.boot_id = any_text();
    node.address = any_text();
    node.node_class = any_class();
    node.memory_mib = any_amounts(node.node_class.numa_nodes);
    node.pools = {{any_text(), any_text(), any_number<std::int64_t>(0, 1000)}};
    node.is_thissystem = *rc::gen::arbitrary<bool>();
    node.shares_machine = *rc::gen::arbitrary<bool>();
    node.containment = any_text();
    node.version = any_text();
    RC_ASSERT(through_bytes<NodeInventory>(node) == node);
  }));
}

TEST(ModelCodec, an_allocation_survives_its_bytes) {
  EXPECT_TRUE(rc::check([] {
    const cox::Allocation allocation{{any_share(1), any_share(7), any_share(4'000'000'000U)}};
    RC_ASSERT(through_bytes<Allocation>(allocation) == allocation);
  }));
}

TEST(ModelCodec, settings_and_results_survive_their_bytes) {
  EXPECT_TRUE(rc::check([] {
    cox::Settings settings;
    settings.cluster = any_text();
    settings.lost_after = seconds(any_number(0, 1000));
    settings.history_keep = seconds(any_number(0, 1000));
    settings.history_jobs = any_u32();
    settings.jobs_per_user = any_u32();
    settings.fan_out = any_u32();
    settings.partitions.push_back({any_text(), any_text(), false, minutes(5), minutes(6), any_u32(),
                                   any_u32(), true, true, any_text(), any_u32()});
    settings.backfill = any_text();
    settings.reservations = any_u32();
    settings.priority_terms = {any_u32(), any_u32(),  any_u32(),  any_u32(),
                               any_u32(), minutes(1), minutes(2), seconds(3)};
    settings.programs = {"/" + any_text(), "",         "/" + any_text(), seconds(1), minutes(60),
                         seconds(2),       minutes(9), "/" + any_text(), seconds(3), "",
                         "/" + any_text(), seconds(4), seconds(5)};
    settings.accounts = {{any_text(), any_text(), any_u32(), {{any_text(), any_u32()}}}};
    settings.qos = {{any_text(), any_u32()}};
    settings.nodes = {{any_text(), {{"rack", any_text()}}, {any_u32(), 1 << 20, any_u32()}}};
    settings.switches = {{any_text(), any_text(), any_text()}};
    settings.licenses = {{any_text(), any_number<std::uint32_t>(0, licenses_max)}};
    settings.administrators = {{any_text(), any_u32()}};
    settings.operators = {{any_text(), any_u32()}, {any_text(), any_u32()}};
    settings.readers = {{any_text(), any_u32()}};
    RC_ASSERT(through_bytes<Settings>(settings) == settings);
    const cox::StepResult result{static_cast<EndCause>(any_number(0, 11)),
                                 *rc::gen::arbitrary<std::int32_t>(),
                                 any_number(0, 65),
                                 any_number<std::uint32_t>(0, 100),
                                 {5, 6, std::int64_t{1} << 50},
                                 any_text()};
    RC_ASSERT(through_bytes<StepResult>(result) == result);
  }));
}

TEST(ModelCodec, keys_hashes_and_errors_survive_their_bytes) {
  const cox::StepKey key{JobId(~0ULL), Attempt(~0U), step_batch};
  StepKey message;
  put(key, &message);
  EXPECT_EQ(take(message), key);
  std::string bytes;
  put(hash_bytes("x"), &bytes);
  EXPECT_EQ(take_hash(bytes), hash_bytes("x"));
  put(cox::Hash{}, &bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(take_hash(bytes), cox::Hash{});
  EXPECT_FALSE(take_hash("short"));
  const cox::Error error{Code::storage_full, "no room in /x"};
  Error wire_error;
  put(error, &wire_error);
  EXPECT_EQ(take(wire_error), error);
  wire_error.set_code(99);
  EXPECT_EQ(take(wire_error).code, Code::internal);
}

TEST(ModelCodec, a_put_into_a_used_message_leaves_nothing_of_the_old_value) {
  JobRequest message;
  cox::JobRequest first;
  first.argv = {"a", "b"};
  first.common.edit().labels = {{"k", "v"}};
  first.common.edit().components.resize(2);
  first.common.edit().has_initial_step = true;
  put(first, &message);
  cox::JobRequest second;
  second.common.edit().components.resize(1);
  put(second, &message);
  EXPECT_EQ(take(message), second);
}

JobRequest job_message() {
  cox::JobRequest job;
  job.common.edit().components.resize(1);
  JobRequest message;
  put(job, &message);
  return message;
}

std::string complaint(const JobRequest& message) {
  const auto taken = take(message);
  return taken ? "accepted" : taken.error().message;
}

TEST(ModelCodec, a_refusal_names_the_value_at_fault) {
  auto job = job_message();
  job.set_directory(std::string("/a\0b", 4));
  EXPECT_EQ(complaint(job), "directory /a\\x00b holds a NUL byte");
  job = job_message();
  job.set_name(std::string(5000, 'x'));
  EXPECT_EQ(complaint(job), "job name of 5000 bytes is over the limit of 4096");
  job = job_message();
  job.set_constraint("rack*");
  EXPECT_EQ(complaint(job),
            "constraint: constraint \"rack*\": a number of nodes from 1 to 1000000 is missing at "
            "column 6");
  job = job_message();
  job.set_prefer("a b");
  EXPECT_EQ(complaint(job), "preference: selector \"a b\": & or | is missing at \"b\"");
  job = job_message();
  job.add_licenses()->set_name("a b");
  EXPECT_EQ(complaint(job), "licenses: licenses \"a b:0\": a name is expected at column 1");
  job = job_message();
  job.set_kind(7);
  EXPECT_EQ(complaint(job), "job kind 7 is not between 0 and 1");
  job = job_message();
  job.set_umask(01000);
  EXPECT_EQ(complaint(job), "umask 512 is not between 0 and 511");
  job = job_message();
  job.mutable_components(0)->set_nodes_max(0);
  EXPECT_EQ(complaint(job), "most nodes 0 is not between 1 and 200000");
  job = job_message();
  job.set_script("abc");
  EXPECT_EQ(complaint(job), "script: a hash of 3 bytes, not 32");
}

TEST(ModelCodec, counts_and_sums_have_limits) {
  auto job = job_message();
  for (int i = 0; i <= argv_max; ++i) job.add_argv("x");
  EXPECT_EQ(complaint(job), "65537 arguments are over the limit of 65536");
  job = job_message();
  job.add_argv(std::string(argv_bytes_max, 'x'));
  EXPECT_EQ(complaint(job), "accepted");
  job.add_argv("y");
  EXPECT_EQ(complaint(job), "arguments are over the limit of 4194304 bytes");
  job = job_message();
  for (int i = 0; i <= components_max; ++i) *job.add_components() = job.components(0);
  EXPECT_EQ(complaint(job), "66 components are over the limit of 64");
}

TEST(ModelCodec, times_outside_the_plan_are_refused) {
  auto job = job_message();
  job.set_time_limit_us(-1);
  EXPECT_NE(complaint(job), "accepted");
  job.set_time_limit_us(std::numeric_limits<std::int64_t>::max());
  EXPECT_NE(complaint(job), "accepted");
  job.set_time_limit_us(duration_unlimited.us);
  EXPECT_EQ(complaint(job), "accepted");
}

TEST(ModelCodec, an_inventory_is_checked_against_itself) {
  cox::NodeInventory node;
  node.name = "n1";
  node.node_class.cores.resize(2);
  node.memory_mib = {1024};
  NodeInventory message;
  put(node, &message);
  ASSERT_TRUE(take(message));
  auto bad = message;
  bad.set_name("n1; rm");
  EXPECT_FALSE(take(bad));
  bad = message;
  bad.mutable_node_class()->mutable_cores(1)->set_numa(1);
  EXPECT_EQ(take(bad).error().message,
            "inventory of n1: numa node of a core 1 is not between 0 and 0");
  bad = message;
  bad.add_memory_mib(1);
  EXPECT_FALSE(take(bad));
  bad = message;
  bad.set_memory_mib(0, -5);
  EXPECT_FALSE(take(bad));
}

TEST(ModelCodec, a_share_names_only_cores_that_it_counts) {
  NodeShare share;
  share.set_core_count(4);
  share.set_cores("0-4");
  EXPECT_FALSE(take(share));
  share.set_core_count(0xFFFF'FFFFU);
  EXPECT_FALSE(take(share));
  Allocation allocation;
  allocation.add_nodes()->set_node(3);
  allocation.add_nodes()->set_node(3);
  EXPECT_EQ(take(allocation).error().message, "allocation: share of node 3 is out of order");
}

TEST(ModelCodec, equal_hardware_gives_equal_classes) {
  EXPECT_TRUE(rc::check([] {
    const auto a = any_class();
    auto b = a;
    b.hash = {};
    RC_ASSERT(hash_class(a) == hash_class(b));
    b.cores.back().pus = static_cast<std::uint16_t>(b.cores.back().pus + 1);
    RC_ASSERT(hash_class(a) != hash_class(b));
  }));
  cox::NodeClass one;
  one.devices = {{"gpu", "a b", 0, {}}};
  cox::NodeClass other;
  other.devices = {{"gpu a", "b", 0, {}}};
  EXPECT_NE(hash_class(one), hash_class(other));
}

TEST(ModelCodec, the_hash_is_blake2b) {
  std::string bytes;
  put(hash_bytes(""), &bytes);
  EXPECT_EQ(to_hex(bytes), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

}  // namespace
}  // namespace cox::wire
