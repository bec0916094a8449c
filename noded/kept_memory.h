// The memory that this node reported first since the machine started. Memory that is plugged in or
// found later must not make a restarted daemon look like another node, which would end its jobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/topology.h"
#include "noded/log.h"
#include "noded/options.h"
#include "noded/paths.h"

namespace cox::noded {

/// `found` replaced by what the text says, where that is of the same machine, boot and options and
/// the machine still has it, up to a twentieth.
std::vector<std::int64_t> kept_memory(const std::string& text,
                                      const std::string& identity,
                                      const std::vector<std::int64_t>& found);
std::string kept_memory_text(const std::string& identity, const std::vector<std::int64_t>& memory);

/// Applies the node's file to `inventory` and writes it. The class's hash is set.
void keep_memory(const Paths& paths,
                 const Options& options,
                 const Log& log,
                 NodeInventory* inventory);

}  // namespace cox::noded
