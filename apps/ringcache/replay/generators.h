// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "replay/trace.h"

namespace ringcache {

/// Begins as a generator does ("zipf:", …), rather than being a path.
bool is_generator(std::string_view what);

/// The requests of a generator; open_trace() has the forms.
Result<Trace> open_generator(std::string_view what);

}  // namespace ringcache
