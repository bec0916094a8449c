// See common_table.h.
#include "core/common_table.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace cox::core {
namespace {

/// Values with one hash that are looked at: somebody may make them so by intent.
constexpr int alike_max = 8;

class Mix {
 public:
  void add(std::uint64_t number) {
    sum_ = (sum_ ^ number) * 0x9E3779B97F4A7C15U;
    sum_ ^= sum_ >> 32U;
  }

  void add(std::string_view text) {
    add(text.size());
    while (text.size() >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), 8);
      add(word);
      text.remove_prefix(8);
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, text.data(), text.size());
    add(rest);
  }

  void add(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) add(std::string_view(text));
  }

  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};

/// Over what differs most often; the rest is left to the comparison.
std::uint64_t hash_of(const JobCommon& common) {
  Mix mix;
  mix.add(common.user.uid);
  for (const std::string* text : {&common.account, &common.qos, &common.comment, &common.directory,
                                  &common.output, &common.error, &common.submit_directory}) {
    mix.add(std::string_view(*text));
  }
  for (const auto& [key, value] : common.labels) {
    mix.add(std::string_view(key));
    mix.add(std::string_view(value));
  }
  mix.add(common.partitions);
  mix.add(common.nodes_wanted);
  for (const Component& one : common.components) {
    mix.add(one.nodes_min);
    mix.add(one.tasks);
    mix.add(one.cpus_per_task);
    mix.add(static_cast<std::uint64_t>(one.memory_per_node_mib));
  }
  if (!common.wishes.is_blank()) {
    mix.add(std::string_view(common.wishes->constraint.text()));
    mix.add(std::string_view(license_text(common.wishes->licenses)));
    mix.add(std::string_view(leaf_limit_text(common.wishes->switches)));
  }
  mix.add(static_cast<std::uint64_t>(common.nice));
  mix.add(common.initial_step.argv);
  return mix.sum();
}

}  // namespace

Cow<JobCommon> CommonTable::intern(const Cow<JobCommon>& common) {
  if (common.is_blank() || common.is_same(last_)) return common;
  if (common == last_) return last_;
  const std::uint64_t hash = hash_of(*common);
  auto [one, end] = known_.equal_range(hash);
  for (int looked = 0; one != end; ++one, ++looked) {
    if (looked == alike_max) return common;
    if (one->second == common) return last_ = one->second;
  }
  if (known_.size() >= sweep_at_) sweep();
  known_.emplace(hash, common);
  return last_ = common;
}

void CommonTable::sweep() {
  last_ = Cow<JobCommon>();
  std::erase_if(known_, [](const auto& one) { return !one.second.is_shared(); });
  sweep_at_ = std::max<std::size_t>(1024, 2 * known_.size());
}

}  // namespace cox::core
