// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include <ringcache/log.h>
#include <ringcache/store.h>

namespace ringcache {

struct RemoteSourceOptions {
  std::string name;    ///< What errors and the log call this source.
  std::string target;  ///< HOST:PORT of the program that serves it.
  /// The longest that a call may take; its caller's deadline counts if it is earlier.
  Duration timeout = std::chrono::seconds(2);
  std::size_t calls_max = 10'000;  ///< In flight at once; above it Errc::overloaded.
  /// A value above this is Errc::too_large, whichever way it goes.
  std::size_t value_bytes_max = std::size_t{16} << 20;
  /// What the values of one get_many may come to; above it all of it is Errc::too_large.
  std::size_t batch_bytes_max = std::size_t{64} << 20;
  Log log{};
};

/// A source that another program serves, in any language: ringcache.v1.Source over gRPC, of which
/// docs/sources.md has the manual. In C++, a GrpcServer over any Store is such a program.
///
/// Errc::invalid_argument for a target that is no HOST:PORT. A program that cannot be reached, now
/// or later, is no end: calls answer Errc::unavailable with the reason, the log says it once, and
/// the one connection is opened again when the program is back (looked for every second while there
/// are calls).
///
/// get_many() is one message, or one for each key while the program serves no LoadMany. A write is
/// sent only over a connection that stands: before that it fails as Errc::unavailable, after it as
/// Errc::unknown unless the program itself says more. A row's ttl counts from when it was asked
/// for. Calls run to their end even if the Store is destroyed meanwhile; completions run on threads
/// of gRPC's, or inside the call.
Result<std::shared_ptr<Store>> remote_source(RemoteSourceOptions options);

}  // namespace ringcache
