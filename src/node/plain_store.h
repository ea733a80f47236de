// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include <ringcache/store.h>

namespace ringcache {

/// The source of a group that has none: knows no key, takes every write and forgets it, so that the
/// group is a plain cache of what is put into it.
std::shared_ptr<Store> plain_store();

}  // namespace ringcache
