// See contact.h.
#include "noded/contact.h"

#include <algorithm>

namespace cox::noded {
namespace {

constexpr std::size_t open_max = 64;
constexpr std::int64_t silences_max = 3;  // times silent_after
constexpr Duration own_pause_max = seconds(5);
constexpr Duration registration_patience = seconds(30);

constexpr Duration between(Duration from, Duration to) {
  return microseconds(to.us - from.us);
}

}  // namespace

void ContactClock::registration_sent(Duration now) {
  registration_sent_ = now;
  open_.clear();
}

void ContactClock::registered(const ContactTerms& terms, Duration now) {
  terms_ = terms;
  contact_ = registration_sent_;
  heard_ = asked_ = looked_ = now;
}

/// Often enough for the shorter of silence and fence, and not each second without need.
Duration ContactClock::ask_every() const {
  std::int64_t us = terms_.silent_after.us;
  if (terms_.fence_after.us > 0) us = std::min(us, terms_.fence_after.us / 4);
  return microseconds(us);
}

std::uint64_t ContactClock::next_heartbeat(Duration now) {
  if (terms_.silent_after.us == 0 || between(asked_, now) < ask_every()) return 0;
  asked_ = now;
  open_.emplace_back(++last_number_, now);
  if (open_.size() > open_max) open_.pop_front();
  return last_number_;
}

bool ContactClock::answered(std::uint64_t number) {
  const auto found = std::ranges::find(open_, number, &std::pair<std::uint64_t, Duration>::first);
  if (found == open_.end()) return false;
  contact_ = found->second;
  open_.erase(open_.begin(), found + 1);
  return true;
}

bool ContactClock::is_dead(Duration now) {
  const Duration before = looked_;
  looked_ = now;
  if (terms_.silent_after.us == 0 || between(before, now) > own_pause_max) return false;
  return between(heard_, now).us > silences_max * terms_.silent_after.us;
}

bool ContactClock::is_registration_late(Duration now) const {
  return between(registration_sent_, now) > registration_patience;
}

std::optional<Duration> ContactClock::lease_left(Duration now) const {
  if (terms_.fence_after.us == 0 || !contact_) return std::nullopt;
  return std::max(microseconds(1), between(now, *contact_ + terms_.fence_after));
}

}  // namespace cox::noded
