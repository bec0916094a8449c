// Shared by react, reconcile and answer: an effect goes only to a connected node. What cannot be
// sent now, reconcile() finds at the node's next registration.
#pragma once

#include "core/contact.h"
#include "core/core.h"

namespace cox::core {

class EffectList {
 public:
  explicit EffectList(const Contact& contact) : contact_(contact) {}

  template <class Send>
  void send(const Send& effect) {
    if (contact_.is_connected(effect.node)) effects_.push_back(effect);
  }

  Effects take() { return std::move(effects_); }

 private:
  const Contact& contact_;
  Effects effects_;
};

}  // namespace cox::core
