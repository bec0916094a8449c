// The functions PMIx calls in its host, as a table. They run on PMIx's own thread and only hand on
// to the one Upcalls object of the process.
#pragma once

#include <pmix_server.h>

#include <functional>
#include <string>
#include <vector>

namespace cox::stepd {

/// What a server does with the calls of its clients; see docs of each PMIx upcall.
class Upcalls {
 public:
  virtual ~Upcalls() = default;
  virtual void connected(const pmix_proc_t& client) = 0;
  virtual void finalized(const pmix_proc_t& client) = 0;
  virtual void aborted(int status, std::string message) = 0;
  /// `done` must be called once with the data of all nodes, unless an error is returned.
  virtual pmix_status_t fence(const std::vector<pmix_proc_t>& procs,
                              std::string data,
                              pmix_modex_cbfunc_t done,
                              void* cookie) = 0;
  virtual pmix_status_t modex(const pmix_proc_t& proc, pmix_modex_cbfunc_t done, void* cookie) = 0;
};

/// The table for PMIx_server_init, which keeps the pointer.
pmix_server_module_t* upcall_table();

/// Who gets the calls; null: they are refused. Waits for a call under way: none reaches the former
/// receiver after this returns.
void set_upcall_receiver(Upcalls* receiver);

/// The answer to a direct modex, kept for PMIx as its cookie; dropped when it comes after the
/// receiver was taken away.
struct ModexAnswer {
  std::function<void(int status, std::string data)> answer;
};

void answer_modex(pmix_status_t status, char* data, size_t size, void* cookie);

}  // namespace cox::stepd
