// Chunks of jobs, nodes and classes, and the header, in protobuf inside checked records.
#include "ctld/store/chunk_codec.h"

#include <algorithm>
#include <utility>

#include "ctld/store/chunk.pb.h"
#include "ctld/store/header_codec.h"
#include "ctld/store/node_codec.h"
#include "ctld/store/record.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

void append_message(const google::protobuf::MessageLite& message, std::string* body) {
  append_record(message.SerializeAsString(), body);
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
  std::string body;
  append_message(encode_header(record), &body);
  return {key, std::move(body)};
}

}  // namespace cox::ctld
