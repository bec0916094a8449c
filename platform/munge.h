// MUNGE credentials, through its library loaded when first needed: a command that does not use
// MUNGE neither links nor loads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::platform {

class Munge {
 public:
  struct Decoded {
    std::string payload;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };

  /// `socket`: munged's, where it is not the library's default; `library`: for tests.
  explicit Munge(std::string socket = {}, std::string library = "libmunge.so.2");
  ~Munge();
  Munge(const Munge&) = delete;
  Munge& operator=(const Munge&) = delete;

  /// A credential that only processes of `only_uid` can decode. Asks munged: about 0.1 ms.
  /// error: unreachable when there is no munge here
  Result<std::string> encode(std::string_view payload, std::uint32_t only_uid);
  /// error: not_permitted with munge's own word: expired, replayed, not for us
  Result<Decoded> decode(std::string_view credential);

 private:
  struct Library;
  Result<const Library*> load();

  std::string socket_;
  std::string library_name_;
  Library* library_ = nullptr;
};

}  // namespace cox::platform
