// A growing array of PMIx keys with values, freed as PMIx wants it.
#pragma once

#include <pmix_common.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cox::stepd {

class InfoList {
 public:
  InfoList() = default;
  InfoList(const InfoList&) = delete;
  InfoList& operator=(const InfoList&) = delete;
  ~InfoList();

  void add(const char* key, bool value);
  void add(const char* key, std::uint16_t value);
  void add(const char* key, std::uint32_t value);
  /// A rank has its own type beside the plain 32-bit number.
  void add_rank(const char* key, pmix_rank_t value);
  void add(const char* key, const std::string& value);
  /// A value of any other type; `value` is copied.
  void add(const char* key, const void* value, pmix_data_type_t type);
  /// `items` becomes the value, as an array of keys with values.
  void add(const char* key, const InfoList& items);

  pmix_info_t* data() { return items_.data(); }

  std::size_t size() const { return items_.size(); }

 private:
  std::vector<pmix_info_t> items_;
};

}  // namespace cox::stepd
