// Names and exit statuses of the error codes.
#include "common/result.h"

namespace cox {

int exit_status(Code code) {
  switch (code) {
    case Code::refused:
    case Code::storage_full:
      return 1;
    case Code::bad_usage:
      return 2;
    case Code::not_found:
      return 3;
    case Code::not_permitted:
      return 4;
    case Code::unreachable:
      return 5;
    case Code::timed_out:
      return 6;
    case Code::internal:
      return 1;
  }
  return 1;
}

std::string_view code_name(Code code) {
  switch (code) {
    case Code::refused:
      return "refused";
    case Code::bad_usage:
      return "bad_usage";
    case Code::not_found:
      return "not_found";
    case Code::not_permitted:
      return "not_permitted";
    case Code::unreachable:
      return "unreachable";
    case Code::timed_out:
      return "timed_out";
    case Code::internal:
      return "internal";
    case Code::storage_full:
      return "storage_full";
  }
  return "internal";
}

Error Error::with_context(std::string_view doing) const {
  return Error{code, std::string(doing) + ": " + message};
}

}  // namespace cox
