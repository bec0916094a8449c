// The keys of the configuration's single tables, as --set names them. A test of config/ compares
// them with what the file may have.
#pragma once

#include <array>
#include <string_view>

namespace cox {

inline constexpr std::array setting_keys = std::to_array<std::string_view>({
    "cluster.name",
    "cluster.auth",
    "cluster.controller",
    "cluster.state_dir",
    "cluster.root_from_nodes",
    "cluster.administrators",
    "cluster.operators",
    "cluster.read_only",
    "scheduling.select",
    "scheduling.priority",
    "scheduling.backfill",
    "scheduling.reservations",
    "scheduling.silent_after",
    "scheduling.lost_after",
    "scheduling.kill_wait",
    "scheduling.back_off",
    "scheduling.fence",
    "scheduling.jobs_per_user",
    "scheduling.fan_out",
    "history.keep_in_memory",
    "history.jobs_in_memory",
    "history.checkpoint_facts",
    "priority.age",
    "priority.fairshare",
    "priority.size",
    "priority.partition",
    "priority.qos",
    "priority.max_age",
    "priority.half_life",
    "priority.charge_period",
    "priority.charge_core",
    "priority.charge_gib",
    "priority.charge_device",
    "programs.prolog",
    "programs.prolog_timeout",
    "programs.epilog",
    "programs.epilog_timeout",
    "programs.health",
    "programs.health_timeout",
    "programs.health_period",
    "programs.reboot",
    "programs.reboot_timeout",
    "programs.controller_prolog",
    "programs.controller_prolog_timeout",
    "programs.controller_epilog",
    "programs.controller_epilog_timeout",
});

}  // namespace cox
