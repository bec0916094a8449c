// How the costs of scheduling grow with the number of waiting jobs, as the exponent of a power that
// is fitted to medians.
#pragma once

#include <cstddef>

#include "bench/schedule_world.h"

namespace cox::bench {

/// A plan of all waiting jobs by counts of nodes, made anew.
double plan_by_counts_ms(const World& world);

/// Passes in which nothing can start, plans and drains with `least`, twice, four times and so on up
/// to `most` jobs on 1,000 nodes; prints each median and the exponents.
void bench_growth(std::size_t least, std::size_t most);

}  // namespace cox::bench
