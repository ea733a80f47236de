// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "sql/connection.h"

namespace ringcache {

/// What keeps a statement from being what its role asks for, in words for whoever wrote it; empty
/// when nothing does.
std::string mistake_in(const SqlStatement& statement, const StatementShape& shape);

}  // namespace ringcache
