// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include <ringcache/membership.h>
#include <ringcache/result.h>

namespace ringcache {

inline constexpr std::size_t kMaxRecordBytes = std::size_t{16} * 1024;
inline constexpr unsigned kMaxWeight = 1000;

/// 128 random bits in hex: an incarnation id.
std::string fresh_member_id();

/// Whether a member may go into a record; the error names the field and shows the right form.
Result<void> check_member(const Member& member);

/// The record at PREFIX/members/ID: {"name":…,"address":…,"http":…,"weight":…,"version":…}. The id
/// is the key's, so the two cannot disagree. Fields nobody knows are ignored on reading.
std::string encode_member(const Member& member);
Result<Member> decode_member(std::string_view id, std::string_view json);

/// The record at SERVICE/HOST:PORT, as etcd's Go client writes and reads it for gRPC naming.
std::string encode_endpoint(const Member& member);

}  // namespace ringcache
