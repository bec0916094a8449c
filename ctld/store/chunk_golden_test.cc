// Checkpoints of every version are still read: files of each kind of chunk decode to the stated
// record. A change of what a chunk holds adds a version here, and never touches an older file.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "ctld/store/chunk.pb.h"
#include "ctld/store/chunk_codec.h"
#include "ctld/store/fact_samples.h"
#include "ctld/store/job_codec.h"
#include "ctld/store/record.h"

namespace cox::ctld {
namespace {

constexpr Instant noted_at{1'700'000'000'123'456};

template <class Fact>
Fact sample() {
  for (const core::Fact& fact : fact_samples()) {
    if (const auto* found = std::get_if<Fact>(&fact)) return *found;
  }
  return {};
}

core::Step some_step() {
  const auto started = sample<core::StepStarted>();
  core::Step step;
  step.id = started.step;
  step.request = started.request;
  step.key = ClientKey{{3, 4}};
  step.shares = started.shares;
  step.started = noted_at;
  step.released = noted_at + seconds(1);
  step.ended = noted_at + seconds(2);
  step.result = sample<core::StepEnded>().result;
  return step;
}

core::JobRun some_run() {
  core::JobRun run;
  run.started = noted_at;
  run.released = noted_at + seconds(1);
  run.ended = noted_at + seconds(3);
  run.cause = EndCause::cancelled;
  run.partition = 1;
  run.ended_by = 1001;
  run.why = "cancelled by ada";
  run.starts_undone = 2;
  run.attempts_run = 1;
  run.allocation = sample<core::JobStarted>().allocation;
  run.freed = Bitset(run.allocation.nodes.size());
  run.freed.set(0);
  run.next_step = StepId{8};
  run.steps = {some_step()};
  run.final_state = JobState::cancelled;
  run.exit_code = -1;
  run.signal = 15;
  run.usage = {1'000'001, 2'000'002, 3'000'003};
  return run;
}

/// A job that waits and one that has ended, with the same in common.
core::Record some_jobs() {
  core::Record record;
  core::Job job;
  job.id = JobId{4'294'967'297};  // beyond 32 bits
  job.request = sample<core::JobSubmitted>().request;
  job.key = ClientKey{{1, 2}};
  job.submitted = noted_at;
  job.hold = Hold::by_admin;
  record.jobs.insert(job);
  job.id = JobId{job.id.value + 1};
  job.request.name = "tide";
  job.phase = JobPhase::ended;
  job.hold = Hold::none;
  job.attempt = Attempt{3};
  job.run = Cow<core::JobRun>(some_run());
  record.jobs.insert(job);
  return record;
}

/// An array of which some elements have ended, and one of its elements.
core::Record some_array() {
  core::Record record = some_jobs();
  core::Job array;
  array.id = JobId{4'294'967'300};
  array.request = sample<core::JobSubmitted>().request;
  array.request.common.edit().array = {{{0, 98, 2}, {101, 101, 1}}, 8};
  array.submitted = noted_at;
  core::ArrayRun run;
  run.remainder = {{{10, 98, 2}}, 8};
  run.cancelled = {{{4, 8, 2}, {101, 101, 1}}, 0};
  run.cancels = 2;
  run.ended = {{JobState::completed, 1}, {JobState::failed, 1}};
  run.worst = {JobState::failed, 3, 0};
  array.run.edit().array = Cow<core::ArrayRun>(run);
  record.jobs.insert(array);
  core::Job element = array;
  element.id = JobId{4'294'967'301};
  element.array = array.id;
  element.index = 2;
  element.phase = JobPhase::ended;
  element.attempt = Attempt{1};
  element.run = Cow<core::JobRun>(some_run());
  record.jobs.insert(element);
  return record;
}

/// A job with a step that takes a part of it, and one that waits.
core::Record some_steps() {
  core::Record record = some_jobs();
  core::Job& job = *record.jobs.find(JobId{4'294'967'298});
  core::Step waiting = some_step();
  waiting.id = StepId{8};
  waiting.request = sample<core::StepQueued>().request;
  waiting.queued = noted_at;
  core::Step begun = waiting;
  begun.id = StepId{9};
  begun.shares.front().part.cores = Bitset(8, true);
  begun.shares.front().part.memory_mib = {0, 512};
  waiting.shares.clear();
  waiting.started = waiting.released = waiting.ended = Instant{};
  waiting.result = StepResult{};
  job.run.edit().steps.insert(job.run.edit().steps.end(), {waiting, begun});
  record.keys_from = record.jobs.begin()->id;
  return record;
}

core::Record some_fleet() {
  core::Record record;
  record.classes = {sample<core::ClassLearned>().node_class};
  core::Node node;
  node.id = NodeId{0};
  node.name = "n1";
  node.boot_id = "boot";
  node.address = "10.0.0.1:7000";
  node.containment = "cgroup v2";
  node.version = "0.1.0";
  node.node_class = ClassId{0};
  node.memory_mib = {1024, 2048};
  node.pools = {{"licence", "solver", 5}};
  node.is_thissystem = false;
  node.aside = core::Aside::failed;
  node.why = "a disk is broken";
  node.is_lost = true;
  node.registered = noted_at;
  node.score = 1500;
  node.scored = noted_at + seconds(1);
  node.backed_off_until = noted_at + seconds(2);
  node.failed_job = JobId{77};
  node.stuck = {{JobId{78}, Attempt{1}, noted_at, 2, "pid 7 (dd, D) waits in nfs_wait"}};
  record.nodes = {node};
  return record;
}

core::Record some_header(Instant last_submit) {
  core::Record record;
  record.epoch = Epoch{9};
  record.settings = sample<core::SettingsApplied>().settings;
  record.next_job = JobId{4'294'967'299};
  record.last_submit = last_submit;
  return record;
}

/// As version 1 had it: every job's request whole.
std::string jobs_of_version_1(const core::Record& record) {
  store::ChunkContents contents;
  std::string records, bytes;
  for (const core::Job& job : record.jobs) {
    contents.add_ids(job.id.value);
    bytes.clear();
    encode_job(job, 0, &bytes);
    append_record(bytes, &records);
  }
  std::string body;
  append_record(contents.SerializeAsString(), &body);
  return body + records;
}

// With COX_WRITE_GOLDEN set, writes the file if it is missing; it never replaces one.
std::string golden(const std::string& name, const std::string& written) {
  const std::string path = COX_SOURCE_DIR "/testsuite/golden/chunks/" + name + ".bin";
  std::ifstream file(path, std::ios::binary);
  if (!file && std::getenv("COX_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << written;
    return written;
  }
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

core::Record loaded(const std::vector<FoundChunk>& chunks) {
  RecordLoader loader;
  for (const FoundChunk& chunk : chunks) loader.take(chunk);
  EXPECT_TRUE(loader.damages().empty());
  auto record = loader.finish();
  EXPECT_TRUE(record) << record.error().message;
  return record.value_or(core::Record{});
}

TEST(ChunkGolden, jobs_of_every_version_are_read) {
  const core::Record record = some_jobs();
  const ChunkKey key = chunk_of(record.jobs.begin()->id);
  const std::string first = golden("jobs.v1", jobs_of_version_1(record));
  const std::string second = golden("jobs.v2", encode_chunk(record, key).body);
  // No header says it here: all of these jobs' keys are known.
  core::Record newer = record;
  newer.keys_from = record.jobs.begin()->id;
  EXPECT_TRUE(loaded({{key, first, true}}) == newer);
  EXPECT_TRUE(loaded({{key, second, true}}) == newer);
  newer.forgotten[JobId{4'294'967'300}] = {ClientKey{{5, 6}}, noted_at, 1001};
  const std::string third = golden("jobs.v3", encode_chunk(newer, key).body);
  EXPECT_TRUE(loaded({{key, third, true}}) == newer);
  core::Record arrays = some_array();
  arrays.keys_from = arrays.jobs.begin()->id;
  const std::string fourth = golden("jobs.v4", encode_chunk(arrays, key).body);
  EXPECT_TRUE(loaded({{key, fourth, true}}) == arrays);
  const core::Record steps = some_steps();
  const std::string fifth = golden("jobs.v5", encode_chunk(steps, key).body);
  EXPECT_TRUE(loaded({{key, fifth, true}}) == steps);
  core::Record still = steps;
  core::JobRun& run = still.jobs.find(JobId{4'294'967'298})->run.edit();
  run.allocation.row = 2;
  run.suspended = noted_at;
  run.suspended_by = 1001;
  run.stands = noted_at + seconds(1);
  run.stood = seconds(7);
  run.has_stood = true;
  const std::string sixth = golden("jobs.v6", encode_chunk(still, key).body);
  EXPECT_TRUE(loaded({{key, sixth, true}}) == still);
}

TEST(ChunkGolden, fleets_of_every_version_are_read) {
  core::Record record = some_fleet();
  const ChunkKey nodes{ChunkKind::nodes, 0}, classes{ChunkKind::classes, 0};
  const std::string first = golden("nodes.v1", encode_chunk(record, nodes).body);
  const std::string second = golden("classes.v1", encode_chunk(record, classes).body);
  EXPECT_TRUE(loaded({{nodes, first, true}, {classes, second, true}}) == record);
  record.nodes[0].aside_at = noted_at;
  record.nodes[0].aside_by = 1001;
  record.nodes[0].aside_who = "ada";
  const std::string third = golden("nodes.v2", encode_chunk(record, nodes).body);
  EXPECT_TRUE(loaded({{nodes, third, true}, {classes, second, true}}) == record);
  record.nodes[0].shares_machine = true;
  const std::string fourth = golden("nodes.v3", encode_chunk(record, nodes).body);
  EXPECT_TRUE(loaded({{nodes, fourth, true}, {classes, second, true}}) == record);
}

TEST(ChunkGolden, headers_of_every_version_are_read) {
  const core::Record old = some_header(Instant{}), record = some_header(noted_at);
  const std::string first = golden("header.v1", encode_chunk(old, header_chunk).body);
  const std::string second = golden("header.v2", encode_chunk(record, header_chunk).body);
  // Versions 1 to 3 did not say from which job on keys are known: as there is none, from the next.
  core::Record oldest = old, newer = record;
  oldest.keys_from = newer.keys_from = record.next_job;
  EXPECT_TRUE(loaded({{header_chunk, first, true}}) == oldest);
  EXPECT_TRUE(loaded({{header_chunk, second, true}}) == newer);
  newer.settings.history_keep = minutes(3);
  newer.settings.history_jobs = 5;
  newer.quarantined[JobId{9}] = {
      noted_at, 4711, "it fails its checksum", Attempt{2}, {"\x01\xff", ""}};
  newer.lost = {{noted_at, 4712, "it is missing"}};
  const std::string third = golden("header.v3", encode_chunk(newer, header_chunk).body);
  EXPECT_TRUE(loaded({{header_chunk, third, true}}) == newer);
  newer.settings.jobs_per_user = 7;
  newer.keys_from = JobId{4'294'967'000};
  const std::string fourth = golden("header.v4", encode_chunk(newer, header_chunk).body);
  EXPECT_TRUE(loaded({{header_chunk, fourth, true}}) == newer);
  newer.revision = 8;
  Settings seventh = old.settings;
  seventh.backfill = newer.settings.backfill = "none";
  for (Settings* one : {&seventh, &newer.settings}) {
    one->priority_terms.age = 1000;  // the defaults of then, which were written with the others
    one->priority_terms.size = 500;
  }
  newer.revisions = {{7, noted_at, 0, "", "", seventh},
                     {8, noted_at + seconds(1), 1001, "ada", "more history", newer.settings}};
  newer.partitions_down["batch"] = {noted_at, 1001, "ada", "new switch"};
  const std::string fifth = golden("header.v5", encode_chunk(newer, header_chunk).body);
  EXPECT_TRUE(loaded({{header_chunk, fifth, true}}) == newer);
  newer.settings.priority_terms.charge_gib = 30;
  newer.usage.charged_at = noted_at;
  newer.usage.has_counted = true;
  newer.usage.of[{"physics", 1001}] = {"ada", 0x1234'5678'9abc'def0, 17};
  newer.usage.of[{"", 1002}] = {"bob", 0, 0};
  const std::string sixth = golden("header.v6", encode_chunk(newer, header_chunk).body);
  EXPECT_TRUE(loaded({{header_chunk, sixth, true}}) == newer);
  newer.turns["gang"] = {3, noted_at + seconds(2)};
  const std::string seventh_bytes = golden("header.v7", encode_chunk(newer, header_chunk).body);
  EXPECT_TRUE(loaded({{header_chunk, seventh_bytes, true}}) == newer);
}

}  // namespace
}  // namespace cox::ctld
