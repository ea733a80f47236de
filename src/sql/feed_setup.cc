// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include <ringcache/hash.h>
#include <ringcache/sql_feed.h>

#include "sql/driver.h"
#include "sql/render.h"

namespace ringcache {
namespace {

/// Such a name could not stand in every place that it has to.
Result<void> check_name(const char* what, const std::string& name) {
  const auto is_odd = [](unsigned char c) {
    return c < ' ' || c == 0x7f || std::string_view("'\"`\\").contains(static_cast<char>(c));
  };
  if (!name.empty() && std::ranges::none_of(name, is_odd)) return {};
  return fail(Errc::invalid_argument,
              std::string("the ") + what +
                  " must have a name without quotes, backslashes and control characters");
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : static_cast<char>(c);
  });
  return text;
}

std::string hex(std::uint64_t number) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  return digits;
}

using Row = std::vector<std::string>;
using Parts = std::vector<FeedPart>;

}  // namespace

class SqlFeedSetup::Impl {
 public:
  Impl(const SqlOptions& source, SqlAddress address)
      : name_("source " + source.name), timeout_(source.timeout), address_(std::move(address)) {
    address_.place.timeout = timeout_;
  }

  Result<void> open();
  Result<Steps> installation(const SqlFeedTable& table);
  Result<Steps> removal(const SqlFeedTable& table);
  Result<void> run(const SqlFeedStep& step);

 private:
  const SqlOutbox& outbox() const { return *address_.driver->outbox; }
  std::unexpected<Error> failed(const std::string& what, const Failure& failure) const;
  Result<std::vector<Row>> rows(std::string_view query, const SqlFeedTable& table);
  Result<FedTable> find(const SqlFeedTable& table);
  Result<std::set<std::string>> present(const SqlFeedTable& table);

  const std::string name_;
  const Duration timeout_;
  SqlAddress address_;
  Time deadline_{};
  std::unique_ptr<SqlSession> session_;
};

Result<void> SqlFeedSetup::Impl::open() {
  deadline_ = BootClock::now() + timeout_;
  auto opened = address_.driver->open(address_.place, &deadline_);
  if (!opened) return fail(Errc::unavailable, name_ + ": " + opened.error().message);
  session_ = std::move(*opened);
  return {};
}

std::unexpected<Error> SqlFeedSetup::Impl::failed(const std::string& what,
                                                  const Failure& failure) const {
  const bool may_pass = failure.trouble == Trouble::busy || failure.trouble == Trouble::late ||
                        failure.trouble == Trouble::broken;
  return fail(may_pass ? Errc::unavailable : Errc::invalid_argument,
              name_ + ", " + what + ": " + failure.message);
}

Result<std::vector<Row>> SqlFeedSetup::Impl::rows(std::string_view query,
                                                  const SqlFeedTable& table) {
  std::vector<Row> rows;
  deadline_ = BootClock::now() + timeout_;
  auto prepared = session_->prepare(query, 1);
  if (!prepared) return failed("looking at the schema", prepared.error());
  const auto ran = (*prepared)->run({.key = table.table}, [&](const SqlRow& row) {
    Row& read = rows.emplace_back();
    for (std::size_t i = 0; i < row.columns.size(); ++i)
      read.emplace_back(render({row.names, row.columns.subspan(i, 1)}).view());
    return true;
  });
  if (!ran) return failed("looking at the schema", ran.error());
  return rows;
}

/// As it is spelt, else in any case: most databases do not tell.
Result<FedTable> SqlFeedSetup::Impl::find(const SqlFeedTable& table) {
  for (const auto& [what, name] :
       {std::pair("group", &table.group), {"table", &table.table}, {"key column", &table.key}})
    if (auto sound = check_name(what, *name); !sound) return std::unexpected(sound.error());
  const auto columns = rows(outbox().columns, table);
  if (!columns) return std::unexpected(columns.error());
  if (columns->empty())
    return fail(Errc::invalid_argument, name_ + ": there is no table '" + table.table + "'");
  auto found = std::ranges::find(*columns, table.key, [](const Row& row) { return row[1]; });
  if (found == columns->end())
    found =
        std::ranges::find(*columns, lower(table.key), [](const Row& row) { return lower(row[1]); });
  if (found == columns->end()) {
    std::string known;
    for (const Row& row : *columns) known += (known.empty() ? "" : ", ") + row[1];
    return fail(Errc::invalid_argument, name_ + ": table '" + table.table + "' has no column '" +
                                            table.key + "'; it has: " + known);
  }
  const Row& row = *found;
  return FedTable{
      .id = "ringcache_feed_" + hex(hash64(table.group + '\0' + row[0] + '\0' + row[2])),
      .group = "'" + table.group + "'",
      .table = row[0],
      .column = row[2],
      .schema = row[4],
      .has_bytes = row[3] == "bytes"};
}

Result<std::set<std::string>> SqlFeedSetup::Impl::present(const SqlFeedTable& table) {
  const auto names = rows(outbox().present, table);
  if (!names) return std::unexpected(names.error());
  std::set<std::string> present;
  for (const Row& row : *names) present.insert(row[0]);
  return present;
}

/// The outbox first: a trigger without it would make writes fail.
Result<SqlFeedSetup::Steps> SqlFeedSetup::Impl::installation(const SqlFeedTable& table) {
  const auto fed = find(table);
  if (!fed) return std::unexpected(fed.error());
  const auto there = present(table);
  if (!there) return std::unexpected(there.error());
  Parts parts = outbox().triggers(*fed);
  parts.insert(parts.begin(), outbox().outbox(*fed));
  Steps steps;
  for (FeedPart& part : parts)
    if (!there->contains(part.name))
      steps.push_back(
          {std::move(part.what), std::move(part.create), part.compound, std::move(part.grant)});
  return steps;
}

Result<SqlFeedSetup::Steps> SqlFeedSetup::Impl::removal(const SqlFeedTable& table) {
  const auto fed = find(table);
  if (!fed) return std::unexpected(fed.error());
  auto there = present(table);
  if (!there) return std::unexpected(there.error());
  Steps steps;
  const auto remove = [&](FeedPart part) {
    if (there->erase(part.name) > 0 && !part.drop.empty())
      steps.push_back({.what = std::move(part.what), .statement = std::move(part.drop)});
  };
  Parts parts = outbox().triggers(*fed);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) remove(std::move(*part));
  const bool is_last = std::ranges::none_of(
      *there, [](const std::string& name) { return name.starts_with("ringcache_feed_"); });
  if (is_last) remove(outbox().outbox(*fed));
  return steps;
}

Result<void> SqlFeedSetup::Impl::run(const SqlFeedStep& step) {
  deadline_ = BootClock::now() + timeout_;
  const auto ran = session_->run(step.statement);
  if (ran) return {};
  auto error = failed(step.what, ran.error());
  if (!step.grant.empty()) error.error().message += " (it takes " + step.grant + ')';
  return error;
}

SqlFeedSetup::SqlFeedSetup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqlFeedSetup::~SqlFeedSetup() = default;

Result<std::unique_ptr<SqlFeedSetup>> SqlFeedSetup::open(const SqlOptions& source) {
  auto address = parse_dsn(source.dsn);
  if (!address)
    return fail(address.error().code, "source " + source.name + ": " + address.error().message);
  auto impl = std::make_unique<Impl>(source, std::move(*address));
  if (auto opened = impl->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<SqlFeedSetup>(new SqlFeedSetup(std::move(impl)));
}

Result<SqlFeedSetup::Steps> SqlFeedSetup::installation(const SqlFeedTable& table) {
  return impl_->installation(table);
}
Result<SqlFeedSetup::Steps> SqlFeedSetup::removal(const SqlFeedTable& table) {
  return impl_->removal(table);
}
Result<void> SqlFeedSetup::run(const SqlFeedStep& step) { return impl_->run(step); }

}  // namespace ringcache
