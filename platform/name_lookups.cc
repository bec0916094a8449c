// A name may take the resolver seconds: it is asked beside the loop, once per connection attempt.
#include "platform/name_lookups.h"

#include <memory>
#include <utility>

namespace cox::platform {

NameLookups::~NameLookups() {
  for (auto& [id, thread] : threads_) thread.join();
}

void NameLookups::find(const Address& address, Found found) {
  if (needs_lookup(address)) return ask(address, std::move(found));
  auto targets = resolve(address);
  if (targets) return found(std::move(targets));
  loop_.post([found = std::move(found), error = targets.error()] { found(Failure(error)); });
}

void NameLookups::ask(const Address& address, Found found) {
  const auto id = ++last_;
  auto finish = [this, id, found = std::move(found)](Result<std::vector<SocketAddress>> targets) {
    const auto thread = threads_.find(id);
    thread->second.join();
    threads_.erase(thread);
    found(std::move(targets));
  };
  threads_.emplace(id, [this, address, finish = std::move(finish)] {
    auto targets = std::make_shared<Result<std::vector<SocketAddress>>>(resolve(address));
    loop_.post([finish, targets] { finish(std::move(*targets)); });
  });
}

}  // namespace cox::platform
