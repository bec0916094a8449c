// See upcalls.h. PMIX_OPERATION_SUCCEEDED means done at once: the given callback is not called.
#include "noded/stepd/pmix/upcalls.h"

#include <cstdlib>
#include <utility>

namespace cox::stepd {
namespace {

// PMIx's table has no room for a pointer of ours, and there is one server per process.
Upcalls* receiver_of_calls = nullptr;

pmix_status_t connected(const pmix_proc_t* client,
                        void* /*object*/,
                        pmix_info_t* /*info*/,
                        size_t /*ninfo*/,
                        pmix_op_cbfunc_t /*done*/,
                        void* /*cookie*/) {
  if (receiver_of_calls != nullptr) receiver_of_calls->connected(*client);
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t finalized(const pmix_proc_t* /*client*/,
                        void* /*object*/,
                        pmix_op_cbfunc_t /*done*/,
                        void* /*cookie*/) {
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t aborted(const pmix_proc_t* /*client*/,
                      void* /*object*/,
                      int status,
                      const char message[],
                      pmix_proc_t* /*procs*/,
                      size_t /*nprocs*/,
                      pmix_op_cbfunc_t /*done*/,
                      void* /*cookie*/) {
  if (receiver_of_calls != nullptr) {
    receiver_of_calls->aborted(status, message == nullptr ? "" : message);
  }
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t fence(const pmix_proc_t procs[],
                    size_t nprocs,
                    const pmix_info_t* /*info*/,
                    size_t /*ninfo*/,
                    char* data,
                    size_t ndata,
                    pmix_modex_cbfunc_t done,
                    void* cookie) {
  std::string mine(data == nullptr ? "" : data, data == nullptr ? 0 : ndata);
  std::free(data);  // the host owns it from here
  if (receiver_of_calls == nullptr) return PMIX_ERR_NOT_AVAILABLE;
  return receiver_of_calls->fence({procs, procs + nprocs}, std::move(mine), done, cookie);
}

pmix_status_t modex(const pmix_proc_t* proc,
                    const pmix_info_t* /*info*/,
                    size_t /*ninfo*/,
                    pmix_modex_cbfunc_t done,
                    void* cookie) {
  if (receiver_of_calls == nullptr) return PMIX_ERR_NOT_AVAILABLE;
  return receiver_of_calls->modex(*proc, done, cookie);
}

// Open MPI registers for events of the environment, of which we have none to tell.
pmix_status_t events(pmix_status_t* /*codes*/,
                     size_t /*ncodes*/,
                     const pmix_info_t* /*info*/,
                     size_t /*ninfo*/,
                     pmix_op_cbfunc_t /*done*/,
                     void* /*cookie*/) {
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t no_more_events(pmix_status_t* /*codes*/,
                             size_t /*ncodes*/,
                             pmix_op_cbfunc_t /*done*/,
                             void* /*cookie*/) {
  return PMIX_OPERATION_SUCCEEDED;
}

}  // namespace

pmix_server_module_t* upcall_table(Upcalls* receiver) {
  static pmix_server_module_t table{};
  receiver_of_calls = receiver;
  table.client_connected2 = connected;
  table.client_finalized = finalized;
  table.abort = aborted;
  table.fence_nb = fence;
  table.direct_modex = modex;
  table.register_events = events;
  table.deregister_events = no_more_events;
  return &table;
}

}  // namespace cox::stepd
