// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

namespace ringcache {

/// CRC-32 as zlib has it (reflected 0x04C11DB7). `before`: the CRC of the text this one continues.
std::uint32_t crc32(std::string_view text, std::uint32_t before = 0) noexcept;

/// CRC-16/XMODEM (0x1021, starting at 0), the checksum of Redis Cluster's slots. `before` likewise.
std::uint16_t crc16(std::string_view text, std::uint16_t before = 0) noexcept;

}  // namespace ringcache
