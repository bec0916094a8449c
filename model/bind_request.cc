// Words for bindings and distributions, and the arithmetic of ranks.
#include "model/bind_request.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "common/bitset.h"
#include "common/text.h"

namespace cox {
namespace {

constexpr std::array<std::pair<std::string_view, BindKind>, 7> bind_kinds = {
    {{"auto", BindKind::automatic},
     {"none", BindKind::none},
     {"core", BindKind::core},
     {"l3", BindKind::l3},
     {"numa", BindKind::numa},
     {"socket", BindKind::socket},
     {"gpu", BindKind::gpu}}};
constexpr std::string_view list_prefix = "list:";
constexpr std::string_view plane_prefix = "plane=";

std::string cores_text(const std::vector<std::uint32_t>& cores) {
  Bitset all(cores.empty() ? 0 : *std::max_element(cores.begin(), cores.end()) + std::size_t{1});
  for (const std::uint32_t core : cores) all.set(core);
  return all.to_ranges();
}

/// Ranks that a node gets in each round.
std::uint32_t ranks_at_once(const Distribution& distribution) {
  switch (distribution.kind) {
    case DistributionKind::cyclic:
      return 1;
    case DistributionKind::plane:
      return std::max(1U, distribution.plane);
    case DistributionKind::unset:
    case DistributionKind::block:
      break;
  }
  return std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

Result<BindRequest> parse_bind(const std::string& text) {
  BindRequest request;
  for (const auto& [name, kind] : bind_kinds) {
    if (text != name) continue;
    request.kind = kind;
    return request;
  }
  if (!text.starts_with(list_prefix)) {
    return bad_usage(quoted(text) + ": auto, core, l3, numa, socket, gpu, none or list:0-1/2-3");
  }
  request.kind = BindKind::list;
  for (const std::string_view part :
       split(std::string_view(text).substr(list_prefix.size()), '/')) {
    const auto cores = Bitset::from_ranges(part, bind_list_cores_max);
    if (!cores || cores->none() || request.list.size() >= bind_list_tasks_max) {
      return bad_usage(quoted(text) + ": cores of each task are expected, as in list:0-1/2,4");
    }
    auto& task = request.list.emplace_back();
    cores->for_each([&](std::size_t core) { task.push_back(static_cast<std::uint32_t>(core)); });
  }
  return request;
}

std::string to_text(const BindRequest& request) {
  for (const auto& [name, kind] : bind_kinds) {
    if (request.kind == kind) return std::string(name);
  }
  if (request.kind != BindKind::list) return "";
  std::string text;
  for (const auto& cores : request.list) text += (text.empty() ? "" : "/") + cores_text(cores);
  return std::string(list_prefix) + text;
}

Result<Distribution> parse_distribution(const std::string& text) {
  if (text == "block") return Distribution{DistributionKind::block, 0};
  if (text == "cyclic") return Distribution{DistributionKind::cyclic, 0};
  if (!text.starts_with(plane_prefix)) {
    return bad_usage(quoted(text) + ": block, cyclic or plane=N");
  }
  const auto plane = parse_u64(text.substr(plane_prefix.size()));
  if (!plane || *plane == 0 || *plane > plane_max) {
    return bad_usage(quoted(text) + ": a number of tasks from 1 to " + std::to_string(plane_max) +
                     " is expected, as in plane=4");
  }
  return Distribution{DistributionKind::plane, static_cast<std::uint32_t>(*plane)};
}

std::string to_text(const Distribution& distribution) {
  switch (distribution.kind) {
    case DistributionKind::block:
      return "block";
    case DistributionKind::cyclic:
      return "cyclic";
    case DistributionKind::plane:
      return std::string(plane_prefix) + std::to_string(distribution.plane);
    case DistributionKind::unset:
      break;
  }
  return "";
}

std::vector<std::vector<std::uint32_t>> deal_ranks(const std::vector<std::uint32_t>& counts,
                                                   const Distribution& distribution) {
  const std::uint32_t at_once = ranks_at_once(distribution);
  std::vector<std::vector<std::uint32_t>> ranks(counts.size());
  std::uint32_t next = 0;
  for (bool is_dealt = true; is_dealt;) {
    is_dealt = false;
    for (std::size_t node = 0; node < counts.size(); ++node) {
      const auto left = counts[node] - static_cast<std::uint32_t>(ranks[node].size());
      for (std::uint32_t i = 0; i < std::min(left, at_once); ++i) ranks[node].push_back(next++);
      is_dealt = is_dealt || left > 0;
    }
  }
  return ranks;
}

}  // namespace cox
