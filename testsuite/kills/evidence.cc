// History is read page by page, every attempt of every job.
#include "testsuite/kills/evidence.h"

#include <gtest/gtest.h>

#include "model/array_spec.h"
#include "platform/file.h"
#include "testsuite/kills/sync_log.h"

namespace cox::kills {
namespace {

PastAttempt past(const wire::HistoryEntry& entry) {
  const wire::JobView& job = entry.job();
  PastAttempt made;
  made.job = job.job();
  made.attempt = job.attempt();
  made.is_last = entry.is_last();
  made.name = job.name();
  made.state = job.state();
  made.failure = entry.failure();
  made.node_list = job.node_list();
  made.why = job.why();
  made.started = Instant{job.started_us()};
  made.ended = Instant{job.ended_us()};
  made.array = job.array();
  if (job.is_element()) made.indices = {job.index()};
  if (const auto together = parse_array(job.is_element() ? "" : job.elements())) {
    together->for_each([&](std::uint32_t index) { made.indices.push_back(index); });
  }
  return made;
}

std::vector<PastAttempt> all_attempts(daemons::Client client) {
  std::vector<PastAttempt> found;
  wire::ClientRequest request;
  request.mutable_history_query()->set_all_attempts(true);
  for (bool has_more = true; has_more;) {
    const auto page = client.ask_surely(request);
    EXPECT_TRUE(page) << (page ? "" : page.error().message);
    if (!page) break;
    for (const wire::HistoryEntry& entry : page->history().entries()) {
      if (entry.kind() != "array") found.push_back(past(entry));  // its elements tell it all
    }
    has_more = page->history().has_next();
    *request.mutable_history_query()->mutable_after() = page->history().next();
  }
  return found;
}

}  // namespace

Evidence collect(const daemons::Cluster& cluster) {
  Evidence evidence;
  evidence.attempts = all_attempts(cluster.client());
  evidence.lines = cluster.file("lines");
  for (const PastAttempt& attempt : evidence.attempts) {
    const bool is_element = attempt.array != 0 && attempt.indices.size() == 1;
    const std::string suffix = is_element ? "-" + std::to_string(attempt.indices.front()) : "";
    if (attempt.is_last)
      evidence.outputs[attempt.job] = cluster.file("out/" + attempt.name + suffix);
  }
  return evidence;
}

std::vector<std::uint64_t> jobs_in_queue(const daemons::Cluster& cluster) {
  std::vector<std::uint64_t> found;
  for (const wire::JobView& job : cluster.client().jobs(false)) {
    if (!job.is_final()) found.push_back(job.job());
  }
  return found;
}

std::string busy_nodes(const std::vector<wire::NodeView>& nodes) {
  std::string text;
  for (const wire::NodeView& node : nodes) {
    if (node.cores_used() == 0 && node.memory_used_mib() == 0 && node.jobs_size() == 0) continue;
    text += node.name() + ": " + std::to_string(node.cores_used()) + " cores, " +
            std::to_string(node.memory_used_mib()) + " MiB, " + std::to_string(node.jobs_size()) +
            " jobs in use; ";
  }
  return nodes.empty() ? "no nodes" : text;
}

}  // namespace cox::kills
