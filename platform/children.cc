// The kernel lists the children of each thread; where it was built without that, all are looked at.
#include "platform/children.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "common/text.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::platform {
namespace {

constexpr const char* threads = "/proc/self/task";
constexpr std::size_t list_bytes_max = 4U << 20;

std::vector<int> search_children() {
  std::vector<int> found;
  for (const ProcessInfo& process : all_processes()) {
    if (process.parent == ::getpid()) found.push_back(process.pid);
  }
  return found;
}

}  // namespace

Result<void> become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0) return {};
  return Failure(system_error("become a subreaper", errno));
}

std::vector<int> own_children() {
  const std::string own_thread = threads + ("/" + std::to_string(::getpid())) + "/children";
  if (!path_exists(own_thread)) return search_children();
  std::vector<int> found;
  // A thread that ends meanwhile has no list any more, and its children are another's.
  for (const std::string& thread : list_directory(threads).value_or(std::vector<std::string>{})) {
    // Kept by name: split() gives views into it.
    const std::string list =
        read_file(threads + ("/" + thread) + "/children", list_bytes_max).value_or("");
    for (const auto word : split(list, ' ')) {
      if (const auto pid = parse_u64(word)) found.push_back(static_cast<int>(*pid));
    }
  }
  return found;
}

}  // namespace cox::platform
