// The records that `scontrol show` prints: jobs, nodes, partitions.
#pragma once

#include <cstdint>
#include <string>

#include "wire/client.pb.h"

namespace cox::cmds::slurm {

/// A record, its lines joined by a newline and blanks, or by one blank (-o).
std::string job_record(const wire::JobView& job, std::int64_t now_us, bool one_line);
std::string node_record(const wire::NodeView& node, bool one_line);
std::string partition_record(const wire::PartitionView& partition, bool one_line);
std::string license_record(const wire::LicenseView& license, bool one_line);

}  // namespace cox::cmds::slurm
