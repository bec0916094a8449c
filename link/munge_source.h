// platform's MUNGE in the form that wire's handshake asks for.
#pragma once

#include <string>
#include <utility>

#include "platform/munge.h"
#include "wire/channel.h"

namespace cox::link {

class MungeSource : public wire::CredentialSource {
 public:
  explicit MungeSource(std::string socket = {}) : munge_(std::move(socket)) {}

  Result<std::string> encode(std::string_view payload, std::uint32_t only_uid) override {
    return munge_.encode(payload, only_uid);
  }

  Result<Decoded> decode(std::string_view credential) override {
    auto decoded = munge_.decode(credential);
    if (!decoded) return Failure(decoded.error());
    return Decoded{std::move(decoded->payload), decoded->uid, decoded->gid};
  }

 private:
  platform::Munge munge_;
};

}  // namespace cox::link
