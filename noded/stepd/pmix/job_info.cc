// See job_info.h.
#include "noded/stepd/pmix/job_info.h"

#include <pmix.h>
#include <pmix_server.h>

#include <cstdlib>

#include "noded/stepd/pmix/layout.h"

namespace cox::stepd {
namespace {

using Generate = pmix_status_t (*)(const char*, char**);

// The library packs a long list of names or ranks into a form of its own, which may hold zero
// bytes: it must be handed on as PMIX_REGEX, never as a string.
Result<void> add_map(const char* key, const std::string& text, Generate generate, InfoList* info) {
  char* packed = nullptr;
  const pmix_status_t status = generate(text.c_str(), &packed);
  if (status != PMIX_SUCCESS) {
    return fail(Code::internal, std::string("pmix map: ") + PMIx_Error_string(status));
  }
  info->add(key, packed, PMIX_REGEX);
  std::free(packed);
  return {};
}

void add_sizes(const MpiPlan& plan, InfoList* info) {
  const std::uint32_t tasks = tasks_of(plan);
  const MpiNode& here = plan.nodes[plan.node_index];
  info->add(PMIX_JOB_SIZE, tasks);
  info->add(PMIX_UNIV_SIZE, tasks);
  info->add(PMIX_MAX_PROCS, tasks);
  info->add(PMIX_APP_SIZE, tasks);
  info->add(PMIX_JOB_NUM_APPS, std::uint32_t{1});
  info->add(PMIX_NUM_NODES, static_cast<std::uint32_t>(nodes_of(plan, {}).size()));
  info->add(PMIX_LOCAL_SIZE, here.tasks);
  info->add(PMIX_NODE_SIZE, here.tasks);
  info->add(PMIX_LOCAL_PEERS, rank_list(here));
  info->add(PMIX_NODEID, plan.node_index);
  info->add_rank(PMIX_LOCALLDR, here.rank(0));
  info->add_rank(PMIX_NPROC_OFFSET, 0);
  info->add_rank(PMIX_APPLDR, 0);
}

void add_rank_data(const MpiPlan& plan, InfoList* info) {
  for (std::uint32_t n = 0; n < plan.nodes.size(); ++n) {
    const MpiNode& node = plan.nodes[n];
    for (std::uint32_t i = 0; i < node.tasks; ++i) {
      const pmix_rank_t rank = node.rank(i);
      InfoList data;
      data.add_rank(PMIX_RANK, rank);  // must come first: the rest is stored under it
      data.add_rank(PMIX_GLOBAL_RANK, rank);
      data.add_rank(PMIX_APP_RANK, rank);
      data.add(PMIX_LOCAL_RANK, static_cast<std::uint16_t>(i));
      data.add(PMIX_NODE_RANK, static_cast<std::uint16_t>(i));
      data.add(PMIX_NODEID, n);
      data.add(PMIX_APPNUM, std::uint32_t{0});
      data.add(PMIX_HOSTNAME, node.name);
      info->add(PMIX_PROC_DATA, data);
    }
  }
}

}  // namespace

Result<void> add_job_info(const MpiPlan& plan,
                          const std::string& session_dir,
                          const std::string& topology_xml,
                          InfoList* info) {
  info->add(PMIX_JOBID, plan.nspace);
  info->add(PMIX_USERID, plan.uid);
  info->add(PMIX_GRPID, plan.gid);
  info->add(PMIX_TMPDIR, plan.tmp_dir);
  info->add(PMIX_NSDIR, session_dir);
  info->add(PMIX_TDIR_RMCLEAN, true);  // the directory goes with the step, clients leave it alone
  if (!topology_xml.empty()) info->add(PMIX_LOCAL_TOPO, topology_xml);
  add_sizes(plan, info);
  Result<void> added = add_map(PMIX_NODE_MAP, node_names(plan), PMIx_generate_regex, info);
  if (added) added = add_map(PMIX_PROC_MAP, ranks_by_node(plan), PMIx_generate_ppn, info);
  if (added) add_rank_data(plan, info);
  return added;
}

}  // namespace cox::stepd
