// The few calls of libmunge that we need, found by name in the loaded library.
#include "platform/munge.h"

#include <dlfcn.h>
#include <sys/types.h>

#include <cstdlib>
#include <memory>
#include <utility>

namespace cox::platform {
namespace {

// The library's interface, stable since 0.5: declared here so that a build does not need its
// header. A context is opaque; an error is a number.
constexpr int option_socket = 8;           // text
constexpr int option_uid_restriction = 9;  // uid_t
constexpr int error_none = 0;
constexpr int error_socket = 6;  // no munged answers

}  // namespace

struct Munge::Library {
  struct Context;
  void* handle = nullptr;
  int (*encode)(char** credential, Context*, const void* payload, int length) = nullptr;
  int (*decode)(const char* credential, Context*, void** payload, int* length, uid_t*, gid_t*) =
      nullptr;
  const char* (*describe)(int error) = nullptr;
  Context* (*create)() = nullptr;
  void (*destroy)(Context*) = nullptr;
  const char* (*describe_context)(Context*) = nullptr;
  int (*set)(Context*, int option, ...) = nullptr;

  template <class Function>
  bool find(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(::dlsym(handle, name));
    return function != nullptr;
  }

  bool find_all() {
    return find(encode, "munge_encode") && find(decode, "munge_decode") &&
           find(describe, "munge_strerror") && find(create, "munge_ctx_create") &&
           find(destroy, "munge_ctx_destroy") && find(describe_context, "munge_ctx_strerror") &&
           find(set, "munge_ctx_set");
  }

  /// munge's word for what went wrong; the context has the longer one.
  std::string reason(Context* context, int error) const {
    const char* longer = describe_context(context);
    return std::string("munge: ") + (longer != nullptr ? longer : describe(error));
  }
};

namespace {

Code code_of_munge(int error) {
  return error == error_socket ? Code::unreachable : Code::not_permitted;
}

struct Freed {
  void operator()(void* memory) const { std::free(memory); }
};

}  // namespace

Munge::Munge(std::string socket, std::string library)
    : socket_(std::move(socket)), library_name_(std::move(library)) {}

Munge::~Munge() {
  if (library_ == nullptr) return;
  ::dlclose(library_->handle);
  delete library_;
}

Result<const Munge::Library*> Munge::load() {
  if (library_ != nullptr) return library_;
  auto library = std::make_unique<Library>();
  library->handle = ::dlopen(library_name_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library->handle == nullptr) {
    return fail(Code::unreachable, "munge: " + library_name_ + " is not installed here");
  }
  if (!library->find_all()) {
    ::dlclose(library->handle);
    return fail(Code::unreachable, "munge: " + library_name_ + " lacks a function");
  }
  library_ = library.release();
  return library_;
}

Result<std::string> Munge::encode(std::string_view payload, std::uint32_t only_uid) {
  const auto library = load();
  if (!library) return Failure(library.error());
  const Library& munge = **library;
  std::unique_ptr<Munge::Library::Context, decltype(munge.destroy)> context(munge.create(),
                                                                            munge.destroy);
  if (!context) return fail(Code::internal, "munge: no memory");
  auto error = munge.set(context.get(), option_uid_restriction, uid_t{only_uid});
  if (error == error_none && !socket_.empty()) {
    error = munge.set(context.get(), option_socket, socket_.c_str());
  }
  char* credential = nullptr;
  if (error == error_none) {
    error =
        munge.encode(&credential, context.get(), payload.data(), static_cast<int>(payload.size()));
  }
  const std::unique_ptr<char, Freed> owner(credential);
  if (error != error_none) {
    return fail(code_of_munge(error), munge.reason(context.get(), error));
  }
  return std::string(credential);
}

Result<Munge::Decoded> Munge::decode(std::string_view credential) {
  const auto library = load();
  if (!library) return Failure(library.error());
  const Library& munge = **library;
  std::unique_ptr<Munge::Library::Context, decltype(munge.destroy)> context(munge.create(),
                                                                            munge.destroy);
  if (!context) return fail(Code::internal, "munge: no memory");
  int error = error_none;
  if (!socket_.empty()) error = munge.set(context.get(), option_socket, socket_.c_str());
  const std::string text(credential);
  void* payload = nullptr;
  int length = 0;
  Decoded decoded;
  if (error == error_none) {
    error =
        munge.decode(text.c_str(), context.get(), &payload, &length, &decoded.uid, &decoded.gid);
  }
  const std::unique_ptr<void, Freed> owner(payload);
  if (error != error_none) {
    return fail(code_of_munge(error), munge.reason(context.get(), error));
  }
  decoded.payload.assign(static_cast<const char*>(payload), static_cast<std::size_t>(length));
  return decoded;
}

}  // namespace cox::platform
