// The fields of sacct, for jobs and for their steps.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/slurm/columns.h"
#include "cmds/slurm/tool.h"
#include "wire/client.pb.h"

namespace cox::cmds::slurm {

/// One line: a job, or one of its steps.
struct Record {
  const wire::JobView* job = nullptr;
  const wire::HistoryEntry* entry = nullptr;  // where the history has it
  const wire::StepView* step = nullptr;       // null: the job
};

/// What the texts depend on besides.
struct RecordManner {
  std::int64_t now_us = 0;
  bool is_plain = false;  // --noconvert
  char unit = 0;          // --units
  std::string cluster;
};

struct RecordField {
  const char* name;
  int width;  // negative: to the left
  Parity parity;
  std::string (*text)(const Record& record, const RecordManner& manner);  // null: always empty
};

std::span<const RecordField> record_fields();
std::vector<FieldName> record_field_names();
std::vector<ColumnKnown> record_columns();

}  // namespace cox::cmds::slurm
