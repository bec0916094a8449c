// See info_list.h.
#include "noded/stepd/pmix/info_list.h"

#include <pmix.h>

#include <cstring>

#include "common/assert.h"

namespace cox::stepd {

InfoList::~InfoList() {
  for (pmix_info_t& item : items_) PMIx_Value_destruct(&item.value);
}

void InfoList::add(const char* key, const void* value, pmix_data_type_t type) {
  pmix_info_t item;
  std::memset(&item, 0, sizeof item);
  ASSERT(PMIx_Info_load(&item, key, value, type) == PMIX_SUCCESS);
  items_.push_back(item);
}

void InfoList::add(const char* key, bool value) {
  add(key, &value, PMIX_BOOL);
}

void InfoList::add(const char* key, std::uint16_t value) {
  add(key, &value, PMIX_UINT16);
}

void InfoList::add(const char* key, std::uint32_t value) {
  add(key, &value, PMIX_UINT32);
}

void InfoList::add_rank(const char* key, pmix_rank_t value) {
  add(key, &value, PMIX_PROC_RANK);
}

void InfoList::add(const char* key, const std::string& value) {
  add(key, value.c_str(), PMIX_STRING);
}

void InfoList::add(const char* key, const InfoList& items) {
  pmix_data_array_t array;
  array.type = PMIX_INFO;
  array.size = items.items_.size();
  array.array = const_cast<pmix_info_t*>(items.items_.data());  // copied, never written
  add(key, &array, PMIX_DATA_ARRAY);
}

}  // namespace cox::stepd
