// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include <ringcache/bytes.h>

#include "sql/driver.h"

namespace ringcache {

/// A row, from one of its columns on, as a value. One column is the value itself: text and blobs
/// byte for byte, numbers as text (a real in the shortest form that reads back the same), truth as
/// true and false, NULL as a value of no bytes. Several are a JSON object in the order of the
/// columns: NULL is null, a blob, or text that is not UTF-8, is a base64 string.
Bytes render(const SqlRow& row, std::size_t from = 0);

/// Whether a column is text or a blob, whose bytes are as they are.
bool is_bytes(const SqlColumn& column) noexcept;
/// REQUIRES: is_bytes().
std::string_view bytes_of(const SqlColumn& column) noexcept;

}  // namespace ringcache
