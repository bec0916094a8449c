// What a request says of itself.
#include "model/job_request.h"

#include <algorithm>

namespace cox {

bool Retry::covers(std::int32_t exit_code) const {
  if (times == 0 || exit_code <= 0) return false;
  const auto code = static_cast<std::uint32_t>(exit_code);
  return codes.empty() || std::ranges::any_of(codes, [code](const ExitRange& range) {
           return range.first <= code && code <= range.last;
         });
}

}  // namespace cox
