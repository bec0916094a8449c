// The program reads the payload from its standard input, where nobody else sees it.
#include "platform/munge_program.h"

#include "common/text.h"
#include "platform/helper_program.h"

namespace cox::platform {

Result<std::string> munge_encode(std::string_view payload,
                                 std::uint32_t only_uid,
                                 const std::string& socket) {
  std::vector<std::string> argv = {"munge", "--input=-",
                                   "--restrict-uid=" + std::to_string(only_uid)};
  if (!socket.empty()) argv.push_back("--socket=" + socket);
  auto answer = ask_program(argv, payload);
  if (!answer) return fail(Code::unreachable, "munge: " + answer.error().message);
  if (answer->status == 0) return std::move(answer->output);
  return fail(Code::unreachable,
              answer->output.empty() ? "munge: no credential" : quoted(answer->output, 400));
}

}  // namespace cox::platform
