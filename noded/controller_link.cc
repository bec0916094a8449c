// Waits: 50 ms, doubled up to 5 s, each shortened by up to a half at random.
#include "noded/controller_link.h"

#include <algorithm>
#include <utility>

#include "platform/random.h"

namespace cox::noded {
namespace {

constexpr Duration connect_time_out = seconds(5);
constexpr std::int64_t pause_us_min = 50'000;
constexpr std::int64_t pause_us_max = 5'000'000;
constexpr unsigned doublings_max = 10;

}  // namespace

ControllerLink::ControllerLink(platform::Loop& loop,
                               const Log& log,
                               platform::Address address,
                               link::Trust trust,
                               std::string name,
                               ControllerEvents events)
    : loop_(loop),
      log_(log),
      address_(std::move(address)),
      trust_(std::move(trust)),
      name_(std::move(name)),
      events_(std::move(events)) {}

void ControllerLink::start() {
  link::connect(loop_, address_, trust_, wire::PEER_NODE, name_, connect_time_out,
                [this](Result<std::shared_ptr<link::Link>> link) { connected(std::move(link)); });
}

void ControllerLink::connected(Result<std::shared_ptr<link::Link>> link) {
  if (!link) {
    lost(link.error().message);
    return;
  }
  link_ = std::move(*link);
  link_->on_closed([this](const Error& error) { lost(error.message); });
  link_->on_frames([this](std::vector<std::string> frames) { events_.frames(std::move(frames)); });
  log_.info("connected to " + address_.text());
  events_.opened();
}

void ControllerLink::send(std::string_view message) {
  if (link_) link_->send(message);
}

void ControllerLink::give_up(const std::string& why) {
  if (!link_) return;
  link_->close();
  lost(why);
}

void ControllerLink::lost(const std::string& why) {
  const bool was_open = link_ != nullptr;
  if (was_open) {
    // Not from within the link's own callback.
    retired_.push_back(std::move(link_));
    loop_.post([this] { retired_.clear(); });
    link_ = nullptr;
  }
  // The first failure in a row is told, then every tenth: a controller may be away for hours.
  if (was_open || failures_ % 10 == 0) log_.warning("controller " + address_.text() + ": " + why);
  const Duration wait = pause();
  ++failures_;
  loop_.after(wait, [this] { start(); });
  if (was_open) events_.closed();
}

Duration ControllerLink::pause() {
  const std::int64_t full =
      std::min(pause_us_max, pause_us_min << std::min(failures_, doublings_max));
  const std::string bytes = platform::random_bytes(2);
  const auto random = static_cast<std::int64_t>(static_cast<unsigned char>(bytes[0])) * 256 +
                      static_cast<unsigned char>(bytes[1]);
  return microseconds(full - full / 2 * random / 65'536);
}

}  // namespace cox::noded
