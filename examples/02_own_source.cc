// SPDX-License-Identifier: Apache-2.0
// A source of your own that can be written: a group reads and writes through it.
#include <ringcache/group.h>

#include <iostream>
#include <map>
#include <mutex>

using namespace ringcache;

namespace {

/// A database in a map. A Store answers each call exactly once, here at once and on the caller's
/// thread; one that waits for something answers later, on a thread of its own.
class Shelf final : public Store {
 public:
  void get(const KeyView& key, const Call&, Done<Value> done) override {
    done(find(std::string(key.name)));
  }

  void put(const KeyView& key, Value value, const Call&, Done<Value> done) override {
    {
      const std::lock_guard lock(mutex_);
      rows_[std::string(key.name)] = value.bytes;
    }
    done(std::move(value));
  }

  void erase(const KeyView& key, const Call&, Done<void> done) override {
    done(remove(std::string(key.name)));
  }

 private:
  Result<Value> find(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(name);
    if (row == rows_.end()) return fail(Errc::not_found, "the shelf has no " + name);
    return Value{.bytes = row->second};
  }

  Result<void> remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (rows_.erase(name) == 0) return fail(Errc::not_found, "the shelf has no " + name);
    return {};
  }

  std::mutex mutex_;  // guards rows_
  std::map<std::string, Bytes> rows_;
};

std::string words(const Result<Value>& answer) {
  return answer ? std::string(answer->bytes.view()) : answer.error().message;
}

}  // namespace

int main() {
  const auto scheduler = thread_scheduler(1);
  Cluster alone;
  Group books({.name = "books"}, std::make_shared<Shelf>(), alone, *scheduler);
  const KeyView key("books", "Dune");

  const auto missing = books.get("Dune");
  const auto stored = put_blocking(books, key, {.bytes = Bytes::copy("Herbert, 1965")});
  const auto found = books.get("Dune");
  const auto erased = erase_blocking(books, key);
  const auto gone = books.get("Dune");

  std::cout << words(missing) << '\n' << words(found) << '\n' << words(gone) << '\n';
  return !missing && stored && found && found->hit && erased && !gone ? 0 : 1;
}
