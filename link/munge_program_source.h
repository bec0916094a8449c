// MUNGE for the connecting side of a command: its program makes the credential, and none is
// decoded.
#pragma once

#include <string>
#include <utility>

#include "platform/munge_program.h"
#include "wire/channel.h"

namespace cox::link {

class MungeProgramSource : public wire::CredentialSource {
 public:
  explicit MungeProgramSource(std::string socket = {}) : socket_(std::move(socket)) {}

  Result<std::string> encode(std::string_view payload, std::uint32_t only_uid) override {
    return platform::munge_encode(payload, only_uid, socket_);
  }

  Result<Decoded> decode(std::string_view /*credential*/) override {
    return fail(Code::internal, "a command decodes no credential");
  }

 private:
  std::string socket_;
};

}  // namespace cox::link
