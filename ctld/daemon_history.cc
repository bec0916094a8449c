// history.db of the daemon: one thread writes, the pool reads, one query at a time so that looking
// up users never waits for more than one of them.
#include <utility>

#include "ctld/daemon_body.h"
#include "platform/user.h"

namespace cox::ctld {

namespace {

constexpr std::size_t reads_max = 1000;

}  // namespace

/// A history that cannot be opened stops nothing: its rows wait, and it is tried again.
void Daemon::Body::open_history() {
  HistoryThread::Opener open = [path = dir.state_path] {
    HistoryOptions chosen;
    chosen.group_name = &platform::group_name;
    return open_history_store(path, chosen);
  };
  auto store = open();
  if (store) {
    history_sequence = (*store)->sequence();
  } else {
    options.log.error("history cannot be opened, what ended waits: " + store.error().message);
  }
  HistoryThread::ParkOpener open_park = [path = dir.state_path] { return HistoryPark::open(path); };
  HistoryEvents events;
  events.written = [this](std::uint64_t last) {
    loop->post([this, last] { controller.history_written(last); });
  };
  events.parked = [this](std::uint64_t last) {
    loop->post([this, last] { controller.history_parked(last); });
  };
  events.failing = [log = options.log](const Error& error) {
    log.error("history cannot be written, what ended waits: " + error.message);
  };
  events.well = [log = options.log] { log.info("history is written again"); };
  history_thread =
      std::make_unique<HistoryThread>(store ? std::move(*store) : nullptr, std::move(open),
                                      std::move(events), HistoryPace{}, std::move(open_park));
}

void Daemon::Body::query(HistoryFilter filter, std::function<void(Result<HistoryPage>)> done) {
  if (history_reads.size() >= reads_max) {
    return done(fail(Code::refused, std::to_string(reads_max) +
                                        " queries of the history wait already: try again later"));
  }
  history_reads.push_back({std::move(filter), std::move(done)});
  if (history_reads.size() == 1) read_history();
}

void Daemon::Body::read_history() {
  pool.run([this, filter = history_reads.front().filter] {
    auto page = read(filter);
    loop->post([this, page = std::move(page)]() mutable {
      touch();
      const auto done = std::move(history_reads.front().done);
      history_reads.pop_front();
      if (!history_reads.empty()) read_history();
      done(std::move(page));
    });
  });
}

/// On a thread of the pool.
Result<HistoryPage> Daemon::Body::read(const HistoryFilter& filter) {
  auto page = read_file(filter);
  if (!page) return page;
  for (const std::uint32_t gid : filter.groups_of) {
    const auto [name, is_new] = page->groups.try_emplace(gid);
    if (is_new) name->second = platform::group_name(gid);
  }
  return page;
}

Result<HistoryPage> Daemon::Body::read_file(const HistoryFilter& filter) {
  if (history_reader == nullptr) {
    auto opened = open_history_reader(dir.state_path);
    if (!opened && opened.error().code == Code::not_found) return HistoryPage{};
    if (!opened) return tl::unexpected(opened.error());
    history_reader = std::move(*opened);
  }
  auto page = history_reader->query(filter);
  // A file that was damaged, moved away or replaced is opened anew at the next query.
  if (!page && page.error().code == Code::internal) history_reader.reset();
  return page;
}

}  // namespace cox::ctld
