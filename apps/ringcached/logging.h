// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include <ringcache/log.h>

namespace ringcache {

/// A Log on stderr: `text` is short lines, coloured on a terminal; `json` is one object a line.
Log make_log(const std::string& level, const std::string& format);

}  // namespace ringcache
