// How the Record comes out of its chunks again: RecordLoader of chunk_codec.h.
#include <algorithm>
#include <utility>

#include "core/job/retention.h"
#include "ctld/store/chunk_codec.h"
#include "ctld/store/header_codec.h"
#include "ctld/store/node_codec.h"
#include "ctld/store/record.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

template <class Message>
bool parse(std::string_view bytes, Message* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
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
  auto taken = parse(bytes, &header) ? decode_header(header, &record_)
                                     : Result<void>(fail(Code::internal, "not a header"));
  if (!taken) {
    fatal_ = "header: " + taken.error().message;
    return;
  }
  if (header.has_keys_from()) keys_from_ = JobId(header.keys_from());
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
