// See named_elements.h.
#include "ctld/named_elements.h"

#include <utility>

#include "core/job/array.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

// In one request.
constexpr int arrays_named_max = 10'000;
constexpr std::size_t ranges_named_max = 20'000;

/// `index` is higher than all that are there.
void append(std::uint32_t index, ArraySpec* to) {
  if (!to->ranges.empty() && to->ranges.back().last + 1 == index) {
    ++to->ranges.back().last;
  } else {
    to->ranges.push_back({index, index, 1});
  }
}

}  // namespace

std::string elements_name(JobId array, ArraySpec elements) {
  elements.at_once_max = 0;
  return elements_text(array.value, elements);
}

Result<NamedElements> find_elements(const core::State& state, JobId array, const ArraySpec& asked) {
  ArraySpec wanted = asked;
  NamedElements named;
  named.array = array;
  named.record = state.find_job(array);
  if (named.record != nullptr) {
    if (!core::is_array(*named.record)) {
      return fail(Code::not_found, "job " + core::job_name(*named.record) + " is no array");
    }
    wanted = common_elements(asked, named.record->request.common->array);
    if (wanted.empty()) return fail(Code::not_found, "no job " + elements_name(array, asked));
    named.waiting = common_elements(core::remainder(*named.record), wanted);
    named.cancelled = common_elements(wanted, named.record->run->array->cancelled);
  }
  ArraySpec known;
  if (const core::ArrayMembers* members = state.find_members(array)) {
    for (const auto& [index, id] : members->elements) {
      if (!wanted.contains(index)) continue;
      named.jobs.push_back(id);
      append(index, &known);
    }
  }
  named.past = elements_without(wanted, known);
  named.past = elements_without(named.past, named.waiting);
  named.past = elements_without(named.past, named.cancelled);
  named.past.at_once_max = named.cancelled.at_once_max = 0;
  return named;
}

Result<std::vector<std::pair<JobId, ArraySpec>>> take_elements(
    const google::protobuf::RepeatedPtrField<wire::ElementsOf>& from) {
  std::vector<std::pair<JobId, ArraySpec>> taken;
  if (from.size() > arrays_named_max) {
    return fail(Code::bad_usage, std::to_string(from.size()) +
                                     " arrays in one request are over the limit of " +
                                     std::to_string(arrays_named_max));
  }
  std::size_t ranges = 0;
  for (const wire::ElementsOf& one : from) {
    auto elements = wire::take(one.elements());
    if (!elements) return tl::unexpected(elements.error());
    if (elements->empty()) {
      return fail(Code::bad_usage, "job " + std::to_string(one.array()) + "_[]: no element");
    }
    ranges += elements->ranges.size();
    if (ranges > ranges_named_max) {
      return fail(Code::bad_usage, "elements in more than " + std::to_string(ranges_named_max) +
                                       " ranges in one request");
    }
    taken.emplace_back(JobId(one.array()), std::move(*elements));
  }
  return taken;
}

}  // namespace cox::ctld
