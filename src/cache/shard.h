// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ringcache/cache.h>

#include "cache/budget.h"
#include "cache/departures.h"
#include "cache/entry.h"
#include "cache/lock.h"
#include "cache/slab_pool.h"
#include "cache/table.h"

namespace ringcache {

class Lead;

/// One part of the cache: entries, index and policy under one lock. Its functions are those of
/// Cache.
class alignas(64) Cache::Shard {
 public:
  using Tag = Entry::Tag;
  using Gone = std::function<bool(const Entry& entry)>;
  /// What becomes of an insertion.
  enum class Outcome : std::uint8_t { kept, refused, needs_loan };

  /// The first one's policy leads the others', if it is auto.
  Shard(const CacheOptions& options, Budget& budget, std::size_t number, std::shared_ptr<Lead> lead,
        const Clock& clock);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  std::optional<Copy> find(const KeyView& key);
  /// find() of those keys whose numbers are given.
  void find_many(std::span<const KeyView> keys, std::span<const std::uint8_t> numbers,
                 std::span<std::optional<Copy>> found);
  std::optional<Copy> peek(const KeyView& key) const;
  /// With `is_lent`, the budget has lent it the charge of what it inserts; from then on the loan is
  /// the shard's to give back.
  Outcome insert(const KeyView& key, const Copy& copy, std::uint32_t weight,
                 std::span<const Tag> tags, bool is_lent);
  bool erase(const KeyView& key, Departure why);
  std::size_t erase_if(const Gone& gone, Departure why);
  Departure departure(const KeyView& key) const;
  /// Evicts what is above the limit, which others have lowered.
  void fit();
  /// Fits, and tells the policy its new budget.
  void resize();
  /// Evicts the entry that was lent its charge first; false when there is none.
  bool evict_loan();
  void add_to(CacheStats& stats) const;
  std::string audit() const;

  /// Some live entries in the order of their hashes, from a place on that it moves behind them; 0
  /// at the end.
  using Window = std::vector<std::pair<std::string, Copy>>;
  std::uint32_t look(std::uint32_t from, Window& window) const;

  std::uint64_t charge_of(const KeyView& key, const Copy& copy, std::uint32_t weight,
                          std::span<const Tag> tags) const;

 private:
  /// What has left, destroyed and told when the lock is gone.
  class Departed;
  struct Loan {
    EntryId entry;
    std::uint64_t charge;
  };

  Entry& entry(EntryId id) const noexcept { return static_cast<Entry&>(pool_.at(id)); }
  Entry* lookup(const KeyView& key) const noexcept;
  bool has_come(Time expiry) const noexcept;
  void miss(const KeyView& key, Entry* expired);
  std::optional<Copy> find_locked(const KeyView& key, Departed& departed);
  void count_miss(std::uint64_t hash) noexcept;
  std::uint64_t used() const;
  std::uint64_t limit() const noexcept;
  void add(const Entry::Plan& plan, const KeyView& key, std::uint64_t charge, bool is_lent,
           Departed& departed);
  void replace(Entry& old, const Entry::Plan& plan, std::uint64_t charge, Departed& departed);
  void evict_down_to(std::uint64_t charge, Departed& departed);
  void remove(Entry& entry, Departure why, Departed& departed);
  void unlink(Entry& entry, Departure why, Departed& departed);
  void end_loan(EntryId id) noexcept;
  void sweep(Departed& departed);
  void tidy();
  void compact();
  void relocate(Entry& from);
  std::string audit_entry(std::uint32_t tag, const Entry& entry) const;

  mutable Lock lock_;  // guards all below that is not const
  CacheStats stats_;   // entries and charge always as they are; the charge is the entries' alone
  const Clock& clock_;
  Table table_;
  SlabPool pool_;
  std::unique_ptr<Policy> policy_;
  std::uint64_t expiring_ = 0;  // entries that can expire
  std::uint32_t hand_ = 1;      // where sweep() goes on
  std::vector<Loan> loans_;     // hardly ever more than one or two
  std::uint64_t lent_ = 0;      // their sum
  const CacheOptions& options_;
  Budget& budget_;
  const std::size_t number_;
  Departures departures_;
};

}  // namespace ringcache
