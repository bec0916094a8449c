// See job_lines.h.
#include "cmds/slurm/job_lines.h"

#include <algorithm>

#include "cmds/client/sort.h"
#include "cmds/slurm/text.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::size_t roomy_line = 1024;

bool has_any(const JobOutput& output, bool (*is_meant)(const JobField&)) {
  const auto fields = job_fields();
  return std::ranges::any_of(output.pieces,
                             [&](const Piece& one) { return is_meant(fields[one.field]); }) ||
         std::ranges::any_of(output.order,
                             [&](const JobOrder& one) { return is_meant(fields[one.field]); });
}

}  // namespace

Result<std::vector<JobOrder>> read_job_order(std::string_view text) {
  std::vector<JobOrder> order;
  for (std::string_view part : list_parts(text)) {
    const bool is_descending = part.starts_with('-');
    if (is_descending || part.starts_with('+')) part.remove_prefix(1);
    const auto field = find_job_letter(part);
    if (!field || part.size() != 1) {
      return fail(Code::bad_usage, "Invalid sort specification: " + quoted(text));
    }
    order.push_back({*field, is_descending});
  }
  return order;
}

Needs JobOutput::needs() const {
  if (has_any(*this, [](const JobField& field) { return field.needs == Needs::full; })) {
    return Needs::full;
  }
  const bool is_usual =
      has_any(*this, [](const JobField& field) { return field.needs == Needs::usual; });
  return is_usual ? Needs::usual : Needs::brief;
}

bool JobOutput::has_places() const {
  return has_any(*this, is_of_place);
}

void JobLines::clear() {
  groups_.clear();
  last_ = groups_.end();
  jobs_.clear();
}

void JobLines::add(const wire::JobView& job) {
  if (!output_.order.empty()) {
    jobs_.push_back(job);
    return;
  }
  const JobState state = parse_job_state(state_of(job)).value_or(JobState::pending);
  // Most jobs stand beside others of their group.
  if (last_ == groups_.end() || last_->first.second != state ||
      last_->first.first != job.partition()) {
    last_ = groups_.try_emplace({job.partition(), state}).first;
  }
  add_line_of(job, &last_->second);
}

Result<void> JobLines::write(const Put& put) const {
  std::string text;
  if (output_.has_header) {
    const auto header = [](std::size_t i) { return std::string_view(job_fields()[i].header); };
    add_line(output_.pieces, header, &text);
  }
  std::vector<const wire::JobView*> rows;
  for (const wire::JobView& job : jobs_) rows.push_back(&job);
  sort(&rows);
  for (const wire::JobView* job : rows) add_line_of(*job, &text);
  auto put_all = put(text);
  for (auto group = groups_.begin(); put_all && group != groups_.end(); ++group) {
    put_all = put(group->second);
  }
  return put_all;
}

void JobLines::add_line_of(const wire::JobView& job, std::string* to) const {
  // Room for much more than copies would cost: pages that nobody touched cost nothing.
  if (to->capacity() - to->size() < roomy_line) to->reserve(8 * (to->capacity() + roomy_line));
  const JobLine line{job, now_us_, is_plain_};
  const auto text = [&](std::size_t i) { return job_fields()[i].text(line); };
  add_line(output_.pieces, text, to);
}

/// From the last field to the first, each time keeping what the later ones made.
void JobLines::sort(std::vector<const wire::JobView*>* rows) const {
  for (auto by = output_.order.rbegin(); by != output_.order.rend(); ++by) {
    std::vector<std::pair<SortKey, const wire::JobView*>> keyed;
    keyed.reserve(rows->size());
    for (const wire::JobView* job : *rows) {
      keyed.emplace_back(sort_key(job_fields()[by->field].text({*job, now_us_, true}), true), job);
    }
    const bool is_descending = by->is_descending;
    std::ranges::stable_sort(keyed, [is_descending](const auto& a, const auto& b) {
      return is_descending ? b.first < a.first : a.first < b.first;
    });
    for (std::size_t i = 0; i < keyed.size(); ++i) (*rows)[i] = keyed[i].second;
  }
}

}  // namespace cox::cmds::slurm
