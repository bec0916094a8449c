// A node as a checkpoint holds it.
#pragma once

#include "core/state.h"
#include "ctld/store/chunk.pb.h"

namespace cox::ctld {

store::StateNode encode_node(const core::Node& node);
core::Node decode_node(const store::StateNode& from);

}  // namespace cox::ctld
