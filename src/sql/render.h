// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ringcache/bytes.h>

#include "sql/connection.h"

namespace ringcache {

/// A row as a value. One column is the value itself: text and blobs byte for byte, numbers as text
/// (a real in the shortest form that reads back the same), NULL as a value of no bytes. Several are
/// a JSON object in the order of the columns: NULL is null, a blob, or text that is not UTF-8, is a
/// base64 string.
Bytes render(const SqlRow& row);

}  // namespace ringcache
