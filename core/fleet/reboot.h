// What CheckTime asks of nodes that start anew.
#pragma once

#include "core/job/endings.h"
#include "core/scene.h"

namespace cox::core {

/// It did not come back in time: down, until people have looked.
void give_up_reboot(const Scene& scene, Endings& endings, const Node& node);

}  // namespace cox::core
