// See directory_mark.h.
#include "wire/directory_mark.h"

#include "common/text.h"
#include "wire/model_codec.h"

namespace cox::wire {

std::string directory_mark(const std::string& directory) {
  const cox::Hash hash = hash_bytes(directory);
  return to_hex({reinterpret_cast<const char*>(hash.bytes.data()), 4});
}

std::string private_container(const std::string& directory) {
  return "coxswain-" + directory_mark(directory);
}

}  // namespace cox::wire
