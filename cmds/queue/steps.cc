// A step's line: where it runs, or what it waits for inside of its job.
#include "cmds/queue/steps.h"

#include <algorithm>
#include <vector>

#include "cmds/client/json.h"
#include "cmds/client/sort.h"
#include "cmds/client/submission.h"
#include "cmds/client/views.h"
#include "cmds/show/step.h"
#include "model/time.h"

namespace cox::cmds {
namespace {

struct StepLine {
  const wire::JobView* job;
  const wire::StepView* step;
};

std::string name_of(const StepLine& line) {
  return id_text(*line.job) + "." + step_id(*line.step);
}

std::string time_of(const StepLine& line) {
  if (line.step->started_us() == 0) return "-";
  const std::int64_t ended = line.step->ended_us();
  const Instant until = ended == 0 ? wall_now() : Instant{ended};
  return to_text(std::max(Duration{}, until - Instant{line.step->started_us()}));
}

std::string where_of(const StepLine& line) {
  if (!line.step->waits().empty()) return "(" + line.step->waits() + ")";
  return line.step->nodes().empty() ? "-" : line.step->nodes();
}

const std::vector<Column<StepLine>>& columns() {
  using Line = StepLine;
  static const std::vector<Column<Line>> all = {
      {"step", false, true, name_of},
      {"name", false, true, [](const Line& l) { return l.step->name(); }},
      {"user", false, true, [](const Line& l) { return l.job->user(); }},
      {"state", false, true, [](const Line& l) { return l.step->state(); }},
      {"time", true, true, time_of},
      {"tasks", true, true,
       [](const Line& l) {
         return l.step->started_us() == 0 ? "-" : std::to_string(l.step->tasks());
       }},
      {"sharing", false, true, [](const Line& l) { return l.step->sharing(); }},
      {"where", false, true, where_of},
      {"started", true, false, [](const Line& l) { return local_time(l.step->started_us()); }},
      {"queued", true, false, [](const Line& l) { return local_time(l.step->queued_us()); }},
  };
  return all;
}

std::string steps_document(const std::vector<const StepLine*>& rows) {
  JsonWriter json;
  json.begin_array("steps");
  for (const StepLine* row : rows) {
    json.begin_object();
    json.number("job", std::uint64_t{row->job->job()});
    json.text("id", name_of(*row));
    json.text("user", row->job->user());
    write_members(*row->step, &json);
    json.end_object();
  }
  json.end_array();
  return json.take();
}

}  // namespace

Result<std::string> steps_text(const Parsed& given,
                               const JobFilter& filter,
                               const wire::JobList& list) {
  std::vector<StepLine> lines;
  for (const wire::JobView& job : list.jobs()) {
    if (!filter.keeps(job)) continue;
    for (const wire::StepView& step : job.steps()) {
      if (step.ended_us() == 0 || given.has("all")) lines.push_back({&job, &step});
    }
  }
  std::vector<const StepLine*> rows;
  for (const StepLine& line : lines) rows.push_back(&line);
  if (auto sorted = sort_rows(given, columns(), &rows); !sorted) return Failure(sorted.error());
  return given.has("json") ? steps_document(rows) : table_text(given, columns(), rows);
}

}  // namespace cox::cmds
