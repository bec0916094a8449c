// The nursery: a coxstepd that stands ready in memory and forks a supervisor whenever the node
// daemon orders one. An exec with its loader and initialisation costs several times that fork.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cox::stepd {

/// `coxstepd --nursery ROOM` serves the SOCK_SEQPACKET socket on descriptor 3. ROOM is this many
/// blanks: there a supervisor writes the path of its socket, with "batch" instead of that step's
/// number, so that ps shows whose it is. With the second argument each supervisor has a guard
/// (guard.h), whose ROOM says so.
constexpr const char* nursery_argument = "--nursery";
constexpr const char* guarded_nursery_argument = "--nursery=guarded";
constexpr std::size_t nursery_room = 400;
constexpr std::size_t birth_path_max = 4096;

/// For people: the path of a supervisor's socket, whose last part is a step's number, with the
/// step's name instead.
std::string title_of(const std::string& path);

/// The answer to an order, which is the path of the supervisor's socket and two descriptors: its
/// end of the pair shared with the daemon, and its standard error.
struct Birth {
  std::int32_t pid = 0;
  std::int32_t guard = 0;   // its parent, a child of the daemon in its place; 0: it has none
  std::int32_t number = 0;  // errno, where there is no pid
};

/// Forks a supervisor per order, it or its guard a child of our parent, the daemon. Returns in each
/// of them the path of its socket, the end of its pair being descriptor 3; and nothing in the
/// nursery once the daemon is gone. room: the argument ROOM and what lies before it since argv[1],
/// as the kernel shows it
std::optional<std::string> serve_nursery(bool is_guarded, char* room_begin, char* room_end);

}  // namespace cox::stepd
