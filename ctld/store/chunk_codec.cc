// Chunks of jobs, nodes and classes, and the header, in protobuf inside checked records.
#include "ctld/store/chunk_codec.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/job/retention.h"
#include "ctld/store/chunk.pb.h"
#include "ctld/store/record.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

void append_message(const google::protobuf::MessageLite& message, std::string* body) {
  append_record(message.SerializeAsString(), body);
}

template <class Message>
bool parse(std::string_view bytes, Message* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

/// What people changed at run time, beside the settings themselves.
void put_configuration(const core::Record& record, store::StateHeader* header) {
  header->set_revision(record.revision);
  for (const core::AppliedSettings& one : record.revisions) {
    auto* to = header->add_revisions();
    to->set_at_us(one.at.us);
    wire::put(one.settings, to->mutable_settings());
    to->set_revision(one.revision);
    to->set_by(one.by);
    to->set_who(one.who);
    to->set_why(one.why);
  }
  for (const auto& [name, down] : record.partitions_down) {
    auto* to = header->add_partitions_down();
    to->set_partition(name);
    to->set_at_us(down.at.us);
    to->set_why(down.why);
    to->set_by(down.by);
    to->set_who(down.who);
  }
}

void put_usage(const core::UsageRecord& usage, store::StateUsage* to) {
  to->set_charged_at_us(usage.charged_at.us);
  to->set_has_counted(usage.has_counted);
  for (const auto& [who, used] : usage.of) {
    auto* one = to->add_of();
    one->set_account(who.account);
    one->set_uid(who.uid);
    one->set_user(used.user);
    one->set_charged(used.charged);
    one->set_counted(used.counted);
  }
}

core::UsageRecord take_usage(const store::StateUsage& from) {
  core::UsageRecord usage{Instant{from.charged_at_us()}, from.has_counted(), {}};
  for (const auto& one : from.of()) {
    usage.of[{one.account(), one.uid()}] = {one.user(), one.charged(), one.counted()};
  }
  return usage;
}

/// A revision that cannot be read is left out: it is only history.
void take_configuration(const store::StateHeader& header, core::Record* record) {
  record->revision = header.revision();
  for (const auto& from : header.revisions()) {
    auto settings = wire::take(from.settings());
    if (!settings) continue;
    record->revisions.push_back({from.revision(), Instant{from.at_us()}, from.by(), from.who(),
                                 from.why(), std::move(*settings)});
  }
  for (const auto& from : header.partitions_down()) {
    record->partitions_down[from.partition()] = {Instant{from.at_us()}, from.by(), from.who(),
                                                 from.why()};
  }
}

std::string encode_header(const core::Record& record) {
  store::StateHeader header;
  header.set_epoch(record.epoch.value);
  wire::put(record.settings, header.mutable_settings());
  header.set_next_job(record.next_job.value);
  header.set_last_submit_us(record.last_submit.us);
  header.set_keys_from(record.keys_from.value);
  for (const auto& [id, job] : record.quarantined) {
    auto* to = header.add_quarantined();
    to->set_job(id.value);
    to->set_at_us(job.at.us);
    to->set_sequence(job.sequence);
    to->set_why(job.why);
    to->set_attempt(job.attempt.value);
    for (const std::string& bytes : job.aside) to->add_aside(bytes);
  }
  for (const core::LostRecord& lost : record.lost) {
    auto* to = header.add_lost();
    to->set_at_us(lost.at.us);
    to->set_sequence(lost.sequence);
    to->set_why(lost.why);
  }
  put_configuration(record, &header);
  put_usage(record.usage, header.mutable_usage());
  for (const AttemptKey& key : record.epilogs_owed) {
    auto* to = header.add_epilogs();
    to->set_job(key.job.value);
    to->set_attempt(key.attempt.value);
  }
  for (const auto& [token, until] : record.tokens_used) {
    auto* to = header.add_tokens();
    to->set_token(token);
    to->set_until_us(until.us);
  }
  std::string body;
  append_message(header, &body);
  return body;
}

void put_reboot(const core::Reboot& from, store::StateNode* to) {
  auto* asked = to->mutable_reboot();
  asked->set_at_us(from.asked.us);
  asked->set_asap(from.asap);
  asked->set_why(from.why);
  asked->set_by(from.by);
  asked->set_who(from.who);
  to->set_reboot_begun_us(from.begun.us);
}

core::Reboot take_reboot(const store::StateNode& from) {
  const auto& asked = from.reboot();
  return {Instant{asked.at_us()},
          Instant{from.reboot_begun_us()},
          asked.asap(),
          asked.why(),
          asked.by(),
          asked.who()};
}

store::StateNode encode_node(const core::Node& node) {
  store::StateNode to;
  auto* described = to.mutable_described();
  described->set_node(node.id.value);
  described->set_at_us(node.registered.us);
  described->set_node_class(node.node_class.value);
  described->set_name(node.name);
  described->set_boot_id(node.boot_id);
  described->set_address(node.address);
  described->set_containment(node.containment);
  described->set_version(node.version);
  for (const std::int64_t mib : node.memory_mib) described->add_memory_mib(mib);
  for (const Pool& pool : node.pools) {
    auto* entry = described->add_pools();
    entry->set_name(pool.name);
    entry->set_type(pool.type);
    entry->set_total(pool.total);
  }
  described->set_is_thissystem(node.is_thissystem);
  to.set_aside(static_cast<std::uint32_t>(node.aside));
  to.set_why(node.why);
  to.set_aside_at_us(node.aside_at.us);
  to.set_aside_by(node.aside_by);
  to.set_aside_who(node.aside_who);
  to.set_is_lost(node.is_lost);
  to.set_score(node.score);
  to.set_scored_us(node.scored.us);
  to.set_backed_off_until_us(node.backed_off_until.us);
  to.set_failed_job(node.failed_job.value);
  for (const core::StuckAttempt& stuck : node.stuck) {
    auto* entry = to.add_stuck();
    entry->set_job(stuck.job.value);
    entry->set_attempt(stuck.attempt.value);
    entry->set_since_us(stuck.since.us);
    entry->set_processes(stuck.processes);
    entry->set_why(stuck.why);
  }
  if (node.reboot.asked.is_set()) put_reboot(node.reboot, &to);
  return to;
}

core::Node decode_node(const store::StateNode& from) {
  const auto& described = from.described();
  core::Node node;
  node.id = NodeId(described.node());
  node.registered = Instant{described.at_us()};
  node.node_class = ClassId(described.node_class());
  node.name = described.name();
  node.boot_id = described.boot_id();
  node.address = described.address();
  node.containment = described.containment();
  node.version = described.version();
  node.memory_mib.assign(described.memory_mib().begin(), described.memory_mib().end());
  for (const auto& pool : described.pools()) {
    node.pools.push_back(Pool{pool.name(), pool.type(), pool.total()});
  }
  node.is_thissystem = described.is_thissystem();
  node.aside = static_cast<core::Aside>(from.aside());
  node.why = from.why();
  node.aside_at = Instant{from.aside_at_us()};
  node.aside_by = from.aside_by();
  node.aside_who = from.aside_who();
  node.is_lost = from.is_lost();
  node.score = from.score();
  node.scored = Instant{from.scored_us()};
  node.backed_off_until = Instant{from.backed_off_until_us()};
  node.failed_job = JobId(from.failed_job());
  for (const auto& stuck : from.stuck()) {
    node.stuck.push_back({JobId(stuck.job()), Attempt(stuck.attempt()), Instant{stuck.since_us()},
                          stuck.processes(), stuck.why()});
  }
  node.reboot = take_reboot(from);
  return node;
}

/// The part of a list, kept by dense ids, that a chunk holds: [first, end).
std::pair<std::size_t, std::size_t> part_of(std::size_t size,
                                            std::uint64_t number,
                                            std::uint64_t per) {
  const auto first = static_cast<std::size_t>(std::min<std::uint64_t>(number * per, size));
  return {first, std::min<std::size_t>(first + per, size)};
}

/// `append` puts one item into the body.
template <class Append>
std::string encode_items(const std::vector<std::uint64_t>& ids, Append append) {
  if (ids.empty()) return {};
  store::ChunkContents contents;
  contents.mutable_ids()->Assign(ids.begin(), ids.end());
  std::string body;
  append_message(contents, &body);
  for (const std::uint64_t id : ids) append(id, &body);
  return body;
}

std::vector<std::uint64_t> ids_between(std::size_t first, std::size_t end) {
  std::vector<std::uint64_t> ids;
  for (std::size_t i = first; i < end; ++i) ids.push_back(i);
  return ids;
}

void put_forgotten(const core::Record& record,
                   std::uint64_t number,
                   store::ChunkContents* contents) {
  const auto end = record.forgotten.lower_bound(JobId{(number + 1) * jobs_per_chunk});
  for (auto one = record.forgotten.lower_bound(JobId{number * jobs_per_chunk}); one != end; ++one) {
    const auto& [id, submit] = *one;
    auto* to = contents->add_forgotten();
    to->set_job(id.value);
    to->set_key_high(submit.key.words[0]);
    to->set_key_low(submit.key.words[1]);
    to->set_submitted_us(submit.submitted.us);
    to->set_uid(submit.uid);
  }
}

/// The contents come first, so that jobs are encoded before they are known.
std::string encode_jobs(const core::Record& record, std::uint64_t number) {
  store::ChunkContents contents;
  CommonList commons;
  std::string bytes, records;
  for (const core::Job* job : record.jobs.jobs_of(number)) {
    contents.add_ids(job->id.value);
    bytes.clear();
    encode_job(*job, commons.place(job->request.common), &bytes);
    append_record(bytes, &records);
  }
  put_forgotten(record, number, &contents);
  if (records.empty() && contents.forgotten_size() == 0) return {};
  for (const Cow<JobCommon>& common : commons.values()) {
    JobRequest request;
    request.common = common;
    wire::put(request, contents.add_commons());
  }
  std::string body;
  append_message(contents, &body);
  return body + records;
}

std::string encode_nodes(const core::Record& record, std::uint64_t number) {
  const auto [first, end] = part_of(record.nodes.size(), number, nodes_per_chunk);
  return encode_items(ids_between(first, end), [&](std::uint64_t id, std::string* body) {
    append_message(encode_node(record.nodes[id]), body);
  });
}

std::string encode_classes(const core::Record& record, std::uint64_t number) {
  const auto [first, end] = part_of(record.classes.size(), number, classes_per_chunk);
  return encode_items(ids_between(first, end), [&](std::uint64_t id, std::string* body) {
    store::ClassLearned learned;
    learned.set_id(static_cast<std::uint32_t>(id));
    wire::put(record.classes[id], learned.mutable_node_class());
    append_message(learned, body);
  });
}

/// Puts `item` at its place of a list by dense ids.
template <class Item>
void place(std::vector<Item>& items, std::uint64_t id, Item item) {
  if (items.size() <= id) items.resize(id + 1);
  items[id] = std::move(item);
}

std::uint64_t ids_per_chunk(ChunkKind kind) {
  if (kind == ChunkKind::jobs) return jobs_per_chunk;
  return kind == ChunkKind::nodes ? nodes_per_chunk : classes_per_chunk;
}

constexpr std::uint64_t dense_ids_max = 1U << 24;  // nodes or classes; above, the row is damaged

}  // namespace

Chunk encode_chunk(const core::Record& record, ChunkKey key) {
  switch (key.kind) {
    case ChunkKind::jobs:
      return {key, encode_jobs(record, key.number)};
    case ChunkKind::nodes:
      return {key, encode_nodes(record, key.number)};
    case ChunkKind::classes:
      return {key, encode_classes(record, key.number)};
    case ChunkKind::header:
      break;
  }
  return {key, encode_header(record)};
}

void RecordLoader::take(const FoundChunk& chunk) {
  if (chunk.is_readable && chunk.body.empty()) return;  // nothing was left of it
  if (chunk.key.kind != ChunkKind::header) return take_items(chunk);
  static_cast<void>(for_each_record_left(
      chunk.body, 1, [this](std::string_view bytes, bool is_whole) -> Result<void> {
        if (is_whole) {
          take_header(bytes);
        } else {
          fatal_ = "its header fails its checksum";
        }
        return {};
      }));
}

void RecordLoader::take_header(std::string_view bytes) {
  store::StateHeader header;
  auto settings = parse(bytes, &header) ? wire::take(header.settings())
                                        : Result<Settings>(fail(Code::internal, "not a header"));
  if (!settings) {
    fatal_ = "header: " + settings.error().message;
    return;
  }
  record_.epoch = Epoch(header.epoch());
  record_.settings = std::move(*settings);
  take_configuration(header, &record_);
  record_.usage = take_usage(header.usage());
  record_.next_job = JobId(header.next_job());
  record_.last_submit = Instant{header.last_submit_us()};
  if (header.has_keys_from()) keys_from_ = JobId(header.keys_from());
  for (const auto& from : header.quarantined()) {
    record_.quarantined[JobId(from.job())] = {Instant{from.at_us()},
                                              from.sequence(),
                                              from.why(),
                                              Attempt(from.attempt()),
                                              {from.aside().begin(), from.aside().end()}};
  }
  for (const auto& from : header.epilogs()) {
    record_.epilogs_owed.insert({JobId(from.job()), Attempt(from.attempt())});
  }
  for (const auto& from : header.tokens()) {
    record_.tokens_used[from.token()] = Instant{from.until_us()};
  }
  for (const auto& from : header.lost()) {
    record_.lost.push_back({Instant{from.at_us()}, from.sequence(), from.why()});
  }
}

void RecordLoader::take_items(const FoundChunk& chunk) {
  store::ChunkContents contents;
  bool has_contents = false;
  static_cast<void>(for_each_record_left(
      chunk.body, 1, [&](std::string_view bytes, bool is_whole) -> Result<void> {
        has_contents = is_whole && parse(bytes, &contents);
        return {};
      }));
  if (!has_contents) {
    const std::uint64_t per = ids_per_chunk(chunk.key.kind);
    std::vector<std::uint64_t> ids;
    for (std::uint64_t i = 0; i < per; ++i) ids.push_back(chunk.key.number * per + i);
    return lose(chunk.key, std::move(ids), "cannot be read");
  }
  for (const auto& from : contents.forgotten()) {
    const ClientKey key{{from.key_high(), from.key_low()}};
    record_.forgotten[JobId(from.job())] = {key, Instant{from.submitted_us()}, from.uid()};
  }
  if (auto taken = take_commons(contents); !taken) {
    return lose(chunk.key, {contents.ids().begin(), contents.ids().end()}, taken.error().message);
  }
  int next = -1;  // the contents come first
  const auto count = static_cast<std::uint32_t>(contents.ids_size()) + 1;
  static_cast<void>(for_each_record_left(
      chunk.body, count, [&](std::string_view bytes, bool is_whole) -> Result<void> {
        const int position = next++;
        if (position < 0) return {};
        const std::uint64_t id = contents.ids(position);
        if (is_whole) {
          take_item(chunk.key, id, bytes);
        } else {
          lose(chunk.key, {id}, "fails its checksum");
        }
        return {};
      }));
}

Result<void> RecordLoader::take_commons(const store::ChunkContents& contents) {
  std::vector<Cow<JobCommon>> commons;
  for (const auto& one : contents.commons()) {
    auto request = wire::take(one);
    if (!request) return tl::unexpected(request.error());
    commons.push_back(commons_.intern(request->common));
  }
  jobs_.set_commons(std::move(commons));
  return {};
}

void RecordLoader::take_item(ChunkKey key, std::uint64_t id, std::string_view bytes) {
  store::StateNode node;
  store::ClassLearned learned;
  if (key.kind == ChunkKind::jobs) {
    auto job = jobs_.decode(bytes);
    if (job && job->id != JobId{id}) job = fail(Code::internal, "is another job");
    if (!job) return lose(key, {id}, job.error().message);
    record_.jobs.insert(std::move(*job));
  } else if (key.kind == ChunkKind::nodes && id < dense_ids_max && parse(bytes, &node)) {
    place(record_.nodes, id, decode_node(node));
  } else if (key.kind == ChunkKind::classes && id < dense_ids_max && parse(bytes, &learned)) {
    auto taken = wire::take(learned.node_class());
    if (!taken) return lose(key, {id}, taken.error().message);
    place(record_.classes, id, std::move(*taken));
  } else {
    lose(key, {id}, "cannot be understood");
  }
}

/// Jobs are lost one by one; a fleet with a hole in it is of no use to anybody's allocation.
void RecordLoader::lose(ChunkKey key, std::vector<std::uint64_t> ids, const std::string& why) {
  if (key.kind != ChunkKind::jobs) fatal_ = to_text(key) + ": " + why;
  damages_.push_back({key, std::move(ids), why});
}

Result<core::Record> RecordLoader::finish() {
  for (std::size_t i = 0; fatal_.empty() && i < record_.nodes.size(); ++i) {
    const core::Node& node = record_.nodes[i];
    if (node.id.value != i || node.node_class.value >= record_.classes.size()) {
      fatal_ = "node " + std::to_string(i) + " is missing, or its class";
    }
  }
  if (!fatal_.empty()) return fail(Code::internal, "state.db: " + fatal_);
  // Earlier versions did not write it: it is what their jobs say.
  record_.keys_from = keys_from_
                          ? std::min(*keys_from_, record_.next_job)
                          : core::keys_known_from(record_, record_.last_submit, record_.next_job);
  return std::move(record_);
}

}  // namespace cox::ctld
