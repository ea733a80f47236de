// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace ringcache {

/// Whether `text` is well-formed UTF-8 (Unicode table 3-7): no overlong form, no surrogate, nothing
/// above U+10FFFF.
bool valid_utf8(std::string_view text) noexcept;

}  // namespace ringcache
