// Orders in turn; old rows are removed while nothing is asked for.
#include "ctld/store/checkpoint_thread.h"

#include <utility>

namespace cox::ctld {

namespace {

constexpr std::size_t clean_rows = 16;           // some megabytes: a bounded transaction
constexpr std::size_t put_bytes_max = 4U << 20;  // likewise

}  // namespace

CheckpointThread::CheckpointThread(std::unique_ptr<CheckpointStore> store, CheckpointEvents events)
    : store_(std::move(store)), events_(std::move(events)) {
  thread_ = std::thread([this] { work(); });
}

CheckpointThread::~CheckpointThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void CheckpointThread::begin() {
  give({Order::Kind::begin, {}, 0});
}

void CheckpointThread::put(std::vector<Chunk> chunks) {
  give({Order::Kind::put, std::move(chunks), 0});
}

void CheckpointThread::make_valid(std::uint64_t sequence) {
  give({Order::Kind::make_valid, {}, sequence});
}

void CheckpointThread::give(Order order) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(order));
  }
  changed_.notify_one();
}

void CheckpointThread::work() {
  for (;;) {
    const std::vector<Order> orders = next_orders();
    if (orders.empty()) return;
    for (const Order& order : orders) {
      if (gave_up_ && order.kind != Order::Kind::begin) continue;
      if (auto done = carry_out(order); !done) {
        gave_up_ = true;
        events_.failed(done.error());
      } else if (order.kind == Order::Kind::make_valid) {
        events_.lasted(order.sequence);
      }
    }
  }
}

std::vector<CheckpointThread::Order> CheckpointThread::next_orders() {
  std::unique_lock lock(mutex_);
  while (waiting_.empty() && !stopping_ && !is_clean_) {
    lock.unlock();
    is_clean_ = !clean_some();
    lock.lock();
  }
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  return std::exchange(waiting_, {});
}

bool CheckpointThread::clean_some() {
  const auto done = store_->clean(clean_rows);
  return done && !*done;  // a failure shows again, and better, at the next checkpoint
}

Result<void> CheckpointThread::carry_out(const Order& order) {
  if (order.kind == Order::Kind::begin) {
    gave_up_ = false;
    return store_->abandon();
  }
  if (order.kind == Order::Kind::make_valid) {
    is_clean_ = false;
    return store_->make_valid(order.sequence);
  }
  std::vector<Chunk> some;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < order.chunks.size(); ++i) {
    some.push_back(order.chunks[i]);
    bytes += order.chunks[i].body.size();
    if (bytes < put_bytes_max && i + 1 < order.chunks.size()) continue;
    if (auto done = store_->put(some); !done) return done;
    some.clear();
    bytes = 0;
  }
  return {};
}

}  // namespace cox::ctld
