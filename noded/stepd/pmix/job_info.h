// What the PMIx server tells its clients about the step before they ask: sizes, maps, and per rank
// where it runs. Open MPI's MPI_Init fails when the maps or the per-rank data are missing.
#pragma once

#include "common/result.h"
#include "noded/stepd/mpi_server.h"
#include "noded/stepd/pmix/info_list.h"

namespace cox::stepd {

/// `session_dir` is where the MPI library keeps its files of this step on this node;
/// `topology_xml` saves each rank the discovery, unless empty.
Result<void> add_job_info(const MpiPlan& plan,
                          const std::string& session_dir,
                          const std::string& topology_xml,
                          InfoList* info);

}  // namespace cox::stepd
