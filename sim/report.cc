// See report.h.
#include "sim/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/count_text.h"
#include "common/node_list.h"
#include "common/text.h"

namespace cox::sim {
namespace {

using Document = nlohmann::ordered_json;

Document document_of(const std::optional<double>& value) {
  return value.has_value() ? Document(*value) : Document(nullptr);
}

void put_figures(const Figures& figures, Document* to) {
  (*to)["jobs"] = figures.jobs;
  (*to)["mean_wait_s"] = figures.mean_wait_s;
  (*to)["mean_bounded_slowdown"] = figures.mean_bounded_slowdown;
  (*to)["p95_wait_s"] = figures.p95_wait_s;
  (*to)["p99_wait_s"] = figures.p99_wait_s;
  (*to)["max_wait_s"] = figures.max_wait_s;
}

Document document_of(const std::vector<Group>& groups) {
  Document list = Document::array();
  for (const Group& group : groups) {
    Document one = {{"name", group.name}, {"share", group.share}};
    put_figures(group.figures, &one);
    list.push_back(std::move(one));
  }
  return list;
}

Document document_of(const std::map<std::string, BadLines>& unused) {
  Document list = Document::array();
  for (const auto& [why, lines] : unused) {
    list.push_back({{"reason", why}, {"count", lines.count}, {"first_lines", lines.first}});
  }
  return list;
}

std::string groups_text(By by, const std::vector<Group>& groups) {
  std::size_t width = 7;
  for (const Group& one : groups) width = std::max(width, one.name.size());
  std::string text = fmt::format("\n{:<{}} {:>8} {:>7} {:>11} {:>10} {:>10} {:>10} {:>10}\n",
                                 by == By::user ? "user" : "account", width, "jobs", "share",
                                 "mean wait", "95 %", "99 %", "longest", "slowdown");
  for (const Group& one : groups) {
    const Figures& of = one.figures;
    text += fmt::format("{:<{}} {:>8} {:>5.1f} % {:>9.1f} s {:>8} s {:>8} s {:>8} s {:>10.3f}\n",
                        one.name, width, of.jobs, 100 * one.share, of.mean_wait_s, of.p95_wait_s,
                        of.p99_wait_s, of.max_wait_s, of.mean_bounded_slowdown);
  }
  return text;
}

}  // namespace

std::string to_json(const Figures& figures,
                    By by,
                    const std::vector<Group>& groups,
                    const std::map<std::string, BadLines>& unused) {
  Document document;
  put_figures(figures, &document);
  document["utilisation"] = figures.utilisation;
  document["fairness"] = document_of(figures.fairness);
  if (figures.mean_leaves.has_value()) document["mean_leaves"] = *figures.mean_leaves;
  if (by != By::nobody) document[by == By::user ? "users" : "accounts"] = document_of(groups);
  document["unused_lines"] = document_of(unused);
  return document.dump(2) + "\n";
}

std::string to_text(const Figures& figures, By by, const std::vector<Group>& groups) {
  std::string text = fmt::format(
      "jobs                   {}\n"
      "mean wait              {:.1f} s\n"
      "95 % wait at most      {} s\n"
      "99 % wait at most      {} s\n"
      "longest wait           {} s\n"
      "mean bounded slowdown  {:.3f}\n"
      "utilisation            {:.4f}\n"
      "fairness               {}\n",
      figures.jobs, figures.mean_wait_s, figures.p95_wait_s, figures.p99_wait_s, figures.max_wait_s,
      figures.mean_bounded_slowdown, figures.utilisation,
      figures.fairness.has_value() ? fmt::format("{:.4f}", *figures.fairness) : "-");
  if (figures.mean_leaves.has_value()) {
    text += fmt::format("leaves per job         {:.3f}\n", *figures.mean_leaves);
  }
  if (by != By::nobody) text += groups_text(by, groups);
  return text;
}

std::string to_csv(const std::vector<Outcome>& outcomes,
                   const std::vector<std::string>& node_names) {
  std::string text =
      "id,user,account,submit_s,start_s,end_s,wait_s,slowdown,nodes,cores,node_list\n";
  std::vector<std::string> names;
  for (const Outcome& one : outcomes) {
    names.clear();
    for (const std::uint32_t node : one.nodes) names.push_back(node_names[node]);
    text += fmt::format("{},{},{},{},{},{},{},{:.3f},{},{},\"{}\"\n", one.number,
                        user_name(one.user), account_name(one.group), one.submit_s, one.start_s,
                        one.end_s, one.wait_s(), one.bounded_slowdown(), one.nodes.size(),
                        one.processors, fold_node_list(names));
  }
  return text;
}

std::string unused_text(const std::map<std::string, BadLines>& unused, const std::string& path) {
  std::string text;
  for (const auto& [why, lines] : unused) {
    std::vector<std::string> numbers;
    for (const std::size_t line : lines.first) numbers.push_back(std::to_string(line));
    if (lines.count > lines.first.size()) numbers.emplace_back("...");
    text += "coxsim: " + path + ": " + count_text(lines.count, "line") + " not used: " + why +
            (lines.count == 1 ? " (line " : " (lines ") + join(numbers, ", ") + ")\n";
  }
  return text;
}

}  // namespace cox::sim
