// The end of a run held against the book: nothing lost, nothing twice, nothing disturbed. Pure, so
// that each check is shown to bite by evidence made by hand.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "testsuite/kills/book.h"

namespace cox::kills {

/// One attempt that ended, as history tells it.
struct PastAttempt {
  std::uint64_t job = 0;
  std::uint32_t attempt = 0;
  bool is_last = false;
  std::string name, state, failure, node_list, why;
  std::uint64_t array = 0;             // of an element, and of those that were cancelled as one
  std::vector<std::uint32_t> indices;  // which
  Instant started, ended;
};

struct Evidence {
  std::vector<PastAttempt> attempts;
  std::string lines;  // that scripts appended: "JOB ATTEMPT NODE start|end|overlap"
  std::map<std::uint64_t, std::string> outputs;  // of batch jobs, by id
};

struct Totals {
  std::uint64_t jobs = 0, completed = 0, cancelled = 0, failed = 0;
  std::uint64_t again = 0;        // ran in more than one attempt, with an excuse
  std::uint64_t never_begun = 0;  // attempts given up on before their script ran
  // cox run that was back too late for the output of its job: its supervisor waits for ten seconds,
  // which a busy machine may take to start a controller.
  std::uint64_t unseen = 0;
  std::uint64_t lost = 0, doubled = 0, disturbed = 0;
};

struct Verdict {
  Totals totals;
  std::vector<std::string> complaints;
};

/// What a script prints when all went well; `whole` is its last line.
std::string whole_output(std::uint64_t job, std::uint32_t attempt);

Verdict judge(const Book& book, const Evidence& evidence);

}  // namespace cox::kills
