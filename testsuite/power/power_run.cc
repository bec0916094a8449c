// Writing, cutting, coming back, comparing.
#include "testsuite/power/power_run.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ctld/controller.h"
#include "ctld/history_rows.h"
#include "ctld/store/fact_codec.h"
#include "ctld/store/record.h"
#include "ctld/store/sqlite_store.h"
#include "plugins/policies.h"
#include "testsuite/support/random_life.h"

namespace cox::power {
namespace {

constexpr int events = 120;
constexpr const char* directory = "/power";

/// What a controller has around it and recovery never uses.
class Nobody : public ctld::Journal,
               public ctld::NodeLinks,
               public ctld::ClientLinks,
               public ctld::Users {
 public:
  void append(ctld::Batch) override {}

  void read_blob(const Hash&, std::function<void(Result<std::string>)>) override {}

  void list_blobs(const Hash&,
                  std::size_t,
                  std::function<void(Result<std::vector<Hash>>)>) override {}

  void cut(std::uint64_t) override {}

  void drop_blobs(std::vector<Hash>) override {}

  void send(Session, const std::string&) override {}

  void drop(Session) override {}

  void send(ctld::ClientId, const std::string&) override {}

  std::size_t queued_bytes(ctld::ClientId) const override { return 0; }

  void resolve(Uid, std::uint32_t, std::function<void(Result<UserIdentity>)>) override {}
};

Hash blob_hash(std::uint64_t number) {
  Hash hash;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    hash.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  hash.bytes[31] = 1;
  return hash;
}

}  // namespace

PowerRun::PowerRun(std::uint64_t seed) : disk_(seed) {
  make_journal(seed);
}

void PowerRun::complain(const std::string& what) {
  if (complaint_.empty()) {
    complaint_ = "after cut " + std::to_string(counts_.cuts) + ": " + what;
  }
}

void PowerRun::make_journal(std::uint64_t seed) {
  testing::RandomLife life(seed);
  for (int i = 0; i < events; ++i) life.event();
  journal_ = std::move(life.cluster.journal);
}

ctld::Batch PowerRun::next_batch(std::size_t first) {
  ctld::Batch batch;
  batch.first_sequence = first + 1;
  batch.epoch = Epoch(life_);
  const std::size_t most = disk_.random() % 4 == 0 ? 60 : 4;
  batch.count = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(1 + disk_.random() % most, journal_.size() - first));
  for (std::size_t i = first; i < first + batch.count; ++i) {
    std::string record;
    ctld::encode_fact(journal_[i], &record);
    ctld::append_record(record, &batch.records);
  }
  if (disk_.random() % 3 == 0) {
    const std::uint64_t number = disk_.random();
    batch.blobs.push_back(
        {blob_hash(number),
         std::make_shared<const std::string>(disk_.random() % 20'000, static_cast<char>(number))});
  }
  return batch;
}

/// What one commit takes: the batches that waited.
std::vector<ctld::Batch> PowerRun::next_group() {
  std::vector<ctld::Batch> group;
  ends_.clear();
  blobs_under_way_.clear();
  std::size_t at = written_;
  for (std::uint64_t n = 1 + disk_.random() % 3; n > 0 && at < journal_.size(); --n) {
    group.push_back(next_batch(at));
    at += group.back().count;
    ends_.push_back(at);
    std::ranges::copy(group.back().blobs, std::back_inserter(blobs_under_way_));
  }
  under_way_ = at - written_;
  return group;
}

void PowerRun::write_until_cut() {
  while (written_ < journal_.size()) {
    const auto done = store_->append(next_group());
    if (!done) {
      if (!disk_.is_off()) complain("a commit failed: " + done.error().message);
      return;
    }
    written_ += under_way_;
    under_way_ = 0;
    std::ranges::move(blobs_under_way_, std::back_inserter(blobs_));
    if (disk_.random() % 4 == 0 && !store_->tidy() && !disk_.is_off()) {
      complain("housekeeping failed");
    }
    if (disk_.is_off()) return;
    project(written_);
    if (disk_.random() % 3 == 0 && !write_history()) return;
  }
}

/// Rows of facts that last, as the controller makes them.
void PowerRun::project(std::size_t to) {
  for (; projected_ < to; ++projected_) {
    ctld::add_history_rows(state_, journal_[projected_], projected_ + 1, &rows_);
    core::evolve(state_, journal_[projected_]);
  }
  rows_.last_sequence = projected_;
}

/// False when the power went off meanwhile.
bool PowerRun::write_history() {
  auto rows = std::make_shared<ctld::HistoryRows>(std::move(rows_));
  rows_ = {};
  if (const auto done = history_->append({rows}); !done) {
    if (!disk_.is_off()) complain("the history cannot be written: " + done.error().message);
    return false;
  }
  in_history_ = projected_;
  return !disk_.is_off();
}

Result<void> PowerRun::open_files() {
  auto store = ctld::open_sqlite_store(directory);
  if (!store) return tl::unexpected(store.error());
  store_ = std::move(*store);
  auto history = ctld::open_history_store(directory);
  if (!history) return tl::unexpected(history.error());
  history_ = std::move(*history);
  return {};
}

void PowerRun::come_back() {
  store_.reset();
  history_.reset();
  ++counts_.cuts;
  // Now and then only the process dies: its writes stay, synced or not.
  if (disk_.random() % 8 == 0) {
    disk_.process_died();
  } else {
    disk_.restore();
  }
  // A second cut may meet the recovery itself.
  for (;;) {
    if (disk_.random() % 4 == 0) disk_.cut_after(1 + disk_.random() % 20);
    const auto opened = open_files();
    if (opened && !disk_.is_off()) break;
    if (!disk_.is_off()) {
      complain("the store does not open: " + opened.error().message);
      return;
    }
    store_.reset();
    history_.reset();
    disk_.restore();
  }
  disk_.cut_after(0);
  check_recovery();
}

void PowerRun::check_recovery() {
  Nobody nobody;
  const auto policies = plugins::make_policies(Settings{});
  ctld::Controller controller({{policies->select.get(), policies->priority.get()},
                               nobody,
                               nobody,
                               nobody,
                               nobody,
                               std::string(32, 'k'),
                               {},
                               ctld::Log(-1)});
  if (const auto read = controller.recover(*store_); !read) {
    return complain("recovery failed: " + read.error().message);
  }
  const std::uint64_t found = controller.machine().last_sequence();
  if (found < written_) {
    return complain("acknowledged facts are lost: " + std::to_string(found) + " of " +
                    std::to_string(written_));
  }
  const bool is_whole = found == written_ || std::ranges::find(ends_, found) != ends_.end();
  if (!is_whole) return complain("half a batch survived");
  core::State expected;
  for (std::size_t i = 0; i < found; ++i) core::evolve(expected, journal_[i]);
  if (!(controller.machine().state().record == expected.record)) {
    return complain("the state recovered is not that of the facts written");
  }
  counts_.taken_back += written_ + under_way_ - found;
  if (found > written_) std::ranges::move(blobs_under_way_, std::back_inserter(blobs_));
  written_ = found;
  under_way_ = 0;
  check_blobs();
  check_history();
}

/// What was written is there, and nothing that no fact of the journal made. Then rows are made
/// again from a fact on that history has: writing them twice must change nothing.
void PowerRun::check_history() {
  const std::uint64_t held = history_->sequence();
  if (held < in_history_ || held > written_) {
    return complain("the history holds " + std::to_string(held) + " facts: of " +
                    std::to_string(in_history_) + " written and " + std::to_string(written_) +
                    " in the journal");
  }
  state_ = {};
  rows_ = {};
  projected_ = 0;
  project(held);
  std::map<AttemptKey, ctld::AttemptRow> attempts;
  std::map<StepKey, ctld::StepRow> steps;
  for (const auto& row : rows_.attempts) attempts[row.key()] = row;
  for (const auto& row : rows_.steps) {
    // Steps are read with their attempts.
    if (attempts.contains({row.job, row.attempt})) steps[row.key()] = row;
  }
  const auto reader = ctld::open_history_reader(directory);
  const auto page =
      (*reader)->query({.all_attempts = true, .with_steps = true, .limit = journal_.size() + 1});
  if (!page) return complain("the history cannot be read: " + page.error().message);
  bool is_same = page->attempts.size() == attempts.size() && page->steps.size() == steps.size();
  for (const auto& row : page->attempts) is_same = is_same && attempts[row.key()] == row;
  for (const auto& row : page->steps) is_same = is_same && steps[row.key()] == row;
  if (!is_same) return complain("the history is not what the facts up to its last one make");
  in_history_ = held;
  const std::uint64_t again = disk_.random() % (held + 1);
  std::erase_if(rows_.attempts, [again](const auto& row) { return row.sequence <= again; });
  std::erase_if(rows_.steps, [again](const auto& row) { return row.sequence <= again; });
}

void PowerRun::check_blobs() {
  for (const ctld::Blob& blob : blobs_) {
    const auto read = store_->read_blob(blob.hash);
    if (!read) return complain("content of an acknowledged batch is lost: " + read.error().message);
    if (*read != *blob.bytes) return complain("content of an acknowledged batch has changed");
  }
}

std::string PowerRun::run(PowerCounts* counts) {
  for (; complaint_.empty() && written_ < journal_.size(); ++life_) {
    if (store_ == nullptr) {
      disk_.cut_after(1 + disk_.random() % 40);
      if (open_files()) write_until_cut();
    } else {
      disk_.cut_after(1 + disk_.random() % 200);
      write_until_cut();
    }
    if (complaint_.empty()) come_back();
  }
  counts->cuts += counts_.cuts;
  counts->facts += journal_.size();
  counts->taken_back += counts_.taken_back;
  return complaint_;
}

}  // namespace cox::power
