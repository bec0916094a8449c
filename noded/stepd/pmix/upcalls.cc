// See upcalls.h. PMIX_OPERATION_SUCCEEDED means done at once: the given callback is not called.
#include "noded/stepd/pmix/upcalls.h"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

namespace cox::stepd {
namespace {

// PMIx's table has no room for a pointer of ours, and there is one server per process. The mutex is
// held during each call: calls only hand on, and none may outlive its receiver.
std::mutex mutex;
Upcalls* receiver_of_calls = nullptr;

template <class Call>
pmix_status_t to_receiver(Call call) {
  const std::lock_guard lock(mutex);
  return receiver_of_calls == nullptr ? PMIX_ERR_NOT_AVAILABLE : call(*receiver_of_calls);
}

pmix_status_t connected(const pmix_proc_t* client,
                        void* /*object*/,
                        pmix_info_t* /*info*/,
                        size_t /*ninfo*/,
                        pmix_op_cbfunc_t /*done*/,
                        void* /*cookie*/) {
  return to_receiver([client](Upcalls& receiver) {
    receiver.connected(*client);
    return PMIX_OPERATION_SUCCEEDED;
  });
}

pmix_status_t finalized(const pmix_proc_t* client,
                        void* /*object*/,
                        pmix_op_cbfunc_t /*done*/,
                        void* /*cookie*/) {
  return to_receiver([client](Upcalls& receiver) {
    receiver.finalized(*client);
    return PMIX_OPERATION_SUCCEEDED;
  });
}

pmix_status_t aborted(const pmix_proc_t* /*client*/,
                      void* /*object*/,
                      int status,
                      const char message[],
                      pmix_proc_t* /*procs*/,
                      size_t /*nprocs*/,
                      pmix_op_cbfunc_t /*done*/,
                      void* /*cookie*/) {
  return to_receiver([status, message](Upcalls& receiver) {
    receiver.aborted(status, message == nullptr ? "" : message);
    return PMIX_OPERATION_SUCCEEDED;
  });
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
  return to_receiver([&](Upcalls& receiver) {
    return receiver.fence({procs, procs + nprocs}, std::move(mine), done, cookie);
  });
}

pmix_status_t modex(const pmix_proc_t* proc,
                    const pmix_info_t* /*info*/,
                    size_t /*ninfo*/,
                    pmix_modex_cbfunc_t done,
                    void* cookie) {
  return to_receiver([&](Upcalls& receiver) { return receiver.modex(*proc, done, cookie); });
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

pmix_server_module_t* upcall_table() {
  static pmix_server_module_t table{};
  table.client_connected2 = connected;
  table.client_finalized = finalized;
  table.abort = aborted;
  table.fence_nb = fence;
  table.direct_modex = modex;
  table.register_events = events;
  table.deregister_events = no_more_events;
  return &table;
}

void set_upcall_receiver(Upcalls* receiver) {
  const std::lock_guard lock(mutex);
  receiver_of_calls = receiver;
}

void answer_modex(pmix_status_t status, char* data, size_t size, void* cookie) {
  const std::unique_ptr<ModexAnswer> kept(static_cast<ModexAnswer*>(cookie));
  std::string copy(data == nullptr ? "" : data, data == nullptr ? 0 : size);
  to_receiver([&](Upcalls&) {
    kept->answer(status, std::move(copy));
    return PMIX_SUCCESS;
  });
}

}  // namespace cox::stepd
