// Which alternatives of a variant are meant, where each is visited by its type.
#pragma once

#include <type_traits>

namespace cox::core {

template <class One, class... Others>
inline constexpr bool is_any_of = (std::is_same_v<One, Others> || ...);

}  // namespace cox::core
