// SPDX-License-Identifier: Apache-2.0
#include <ringcache/config.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include <ringcache/sql.h>

#include "base/units.h"
#include "node/config_entries.h"
#include "node/config_settings.h"

extern char** environ;

namespace ringcache {
namespace {

using MembershipType = Config::MembershipSection::Type;

/// What `*` stands for when `path` has the pattern's form; nothing when it has not.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos)
    return pattern == path ? std::optional(path.substr(0, 0)) : std::nullopt;
  const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  if (path.size() <= head.size() + tail.size() || !path.starts_with(head) || !path.ends_with(tail))
    return {};
  return path.substr(head.size(), path.size() - head.size() - tail.size());
}

/// "groups.scores" of "groups.scores.get"; the keys beside an unknown one are those of its section.
std::string_view section_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view next_part(std::string_view& path) {
  const std::string_view part = path.substr(0, path.find('.'));
  path.remove_prefix(std::min(path.size(), part.size() + 1));
  return part;
}

/// What a setting's path has next to `section`: "get" of "groups.*.get" in "groups.scores". Empty
/// when it does not lie there.
std::string_view part_within(std::string_view section, std::string_view setting) {
  while (!section.empty()) {
    const std::string_view wanted = next_part(setting), given = next_part(section);
    if (wanted != given && wanted != "*") return {};
  }
  return next_part(setting);
}

/// The keys of a section, those that are sections themselves among them.
std::string keys_of(std::string_view section) {
  std::set<std::string_view> known;
  for (const ConfigSetting& setting : config_settings())
    known.insert(part_within(section, setting.path));
  std::string list;
  for (const std::string_view key : known)
    if (!key.empty()) list += (list.empty() ? "" : ", ") + std::string(key == "*" ? "NAME" : key);
  return list;
}

std::string unknown_key(std::string_view path) {
  if (const std::string own = keys_of(path); !own.empty())
    return "'" + std::string(path) + "' is a section; known in it: " + own;
  const std::string known = keys_of(section_of(path));
  return "unknown key '" + std::string(path) + "'" +
         (known.empty() ? "; docs/config.md lists the keys" : "; known here: " + known);
}

/// "LISTEN_HTTP" of "listen.http".
std::string variable_of(std::string_view path) {
  std::string name(path);
  std::ranges::transform(name, name.begin(), [](unsigned char c) {
    return c == '.' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

constexpr std::string_view kVariablePrefix = "RINGCACHE_";

/// The entry a variable stands for. Nothing for variables that are not ours to judge: the command
/// line's own (RINGCACHE_ENDPOINT), or those a container platform makes up
/// (RINGCACHE_PORT=tcp://…).
std::optional<ConfigEntry> entry_of_variable(std::string_view variable, const std::string& value) {
  const std::string_view rest = variable.substr(kVariablePrefix.size());
  const std::string where = "environment " + std::string(variable);
  bool ours = false;
  for (const ConfigSetting& setting : config_settings()) {
    const std::string pattern = variable_of(setting.path);
    if (const auto star = match(pattern, rest)) {
      std::string path(setting.path);
      if (const auto at = path.find('*'); at != std::string::npos)
        path.replace(at, 1, lower(*star));
      return ConfigEntry{path, value, where};
    }
    ours |= rest.starts_with(pattern.substr(0, pattern.find('_') + 1));
  }
  return ours ? std::optional(ConfigEntry{lower(rest), value, where}) : std::nullopt;
}

constexpr std::string_view kGrpc = "grpc://";

bool has_statements(const Config::GroupSection& section) {
  for (const std::string* text : {&section.get, &section.get_many, &section.put, &section.cas,
                                  &section.touch, &section.erase})
    if (!text->empty()) return true;
  return false;
}

/// Puts entries into a Config one by one and remembers where each key was given.
class Builder {
 public:
  explicit Builder(std::vector<ConfigError>& errors) : errors_(errors) {}

  void apply(const ConfigEntry& entry) {
    where_[entry.path] = entry.where;
    for (const ConfigSetting& setting : config_settings()) {
      const auto star = match(setting.path, entry.path);
      if (!star || star->find('.') != std::string_view::npos) continue;
      if (auto wrong = setting.apply(config_, *star, entry.value))
        errors_.push_back({entry.where, entry.path + ": " + *wrong});
      return;
    }
    errors_.push_back({entry.where, unknown_key(entry.path)});
  }

  /// What no single key can show.
  Config finish() {
    default_group();
    default_membership();
    for (const auto& section : config_.sources) check_source(section);
    for (const auto& section : config_.groups) check_group(section);
    return std::move(config_);
  }

 private:
  void wrong(const std::string& path, std::string message) {
    const auto known = where_.lower_bound(path);
    const bool below = known != where_.end() && known->first.starts_with(path);
    errors_.push_back({below ? known->second : "configuration", path + ": " + std::move(message)});
  }

  void default_group() {
    if (!config_.groups.empty()) return;
    if (std::ranges::none_of(config_.sources, [](auto& s) { return s.name == "kv"; }))
      source_section(config_, "kv").dsn = "kv:" + config_.node.data_dir + "/kv.db";
    group_section(config_, "kv").source = "kv";
  }

  void default_membership() {
    auto& membership = config_.membership;
    if (!where_.contains("membership.type")) {
      if (!membership.endpoints.empty()) membership.type = MembershipType::etcd;
      if (!membership.members.empty()) membership.type = MembershipType::fixed;
    }
    if (membership.type == MembershipType::etcd && membership.endpoints.empty())
      wrong("membership", "type etcd needs endpoints, for example [127.0.0.1:2379]");
    for (Member& m : membership.members) check_member(m);
  }

  void check_member(Member& m) {
    if (m.address.empty())
      wrong("membership.members." + m.id, "a member needs an address: HOST:PORT");
    if (m.name.empty()) m.name = m.address;
    m.id = m.name;
  }

  void check_source(const Config::SourceSection& section) {
    const std::string path = "sources." + section.name;
    const auto& dsn = section.dsn;
    if (dsn.empty())
      wrong(path, "needs a dsn, for example sqlite:school.db");
    else if (dsn.starts_with(kGrpc))
      check_target(path, dsn.substr(kGrpc.size()));
    else if (!dsn.starts_with("kv:"))
      check_database(path, dsn);
    check_feed(path, section);
  }

  /// Triggers write the outbox, so it takes a database.
  void check_feed(const std::string& path, const Config::SourceSection& section) {
    const bool is_database = !section.dsn.starts_with("kv:") && !section.dsn.starts_with(kGrpc);
    if (section.feed > Duration{0} && !is_database)
      wrong(path + ".feed", "only a database has a change feed; remove it");
  }

  void check_database(const std::string& path, const std::string& dsn) {
    if (auto sound = check_sql_dsn(dsn); !sound)
      wrong(path + ".dsn", sound.error().message + ", kv:FILE or grpc://HOST:PORT");
  }

  void check_target(const std::string& path, const std::string& target) {
    if (auto parsed = parse_target(target); !parsed) wrong(path + ".dsn", parsed.error().message);
  }

  void check_group(const Config::GroupSection& section) {
    const std::string path = "groups." + section.options.name;
    check_freshness(path, section);
    check_rate_limit(path, section.options.limits.rate_limit);
    if (section.source.empty()) return check_plain(path, section);
    const auto found =
        std::ranges::find(config_.sources, section.source, &Config::SourceSection::name);
    if (found == config_.sources.end())
      return wrong(path + ".source", "there is no source '" + section.source + "' under sources");
    if (found->dsn.starts_with("kv:")) return check_kv(path, section);
    if (found->dsn.starts_with(kGrpc)) return check_bare(path, section, "grpc");
    if (section.get.empty()) wrong(path, "needs get: SELECT … WHERE … = :key");
  }

  /// These keys speak of reading a source again, when a copy's max_age ends.
  void check_freshness(const std::string& path, const Config::GroupSection& section) {
    const GroupLimits& limits = section.options.limits;
    const std::pair<std::string, bool> wanted[]{
        {"max_age_jitter", limits.max_age_jitter > 0},
        {"stale_while_revalidate", limits.stale_while_revalidate > Duration{0}},
        {"stale_if_error", limits.stale_if_error > Duration{0}},
        {"refresh_ahead", limits.refresh_ahead > 0}};
    for (const auto& [key, is_wanted] : wanted) {
      if (!is_wanted) continue;
      if (section.source.empty() && key != "max_age_jitter")
        wrong(path + '.' + key, "a group without a source has nothing to read again; remove it");
      else if (limits.max_age == Duration::max())
        wrong(path + '.' + key, "needs a max_age; without one copies have no age");
    }
  }

  void check_rate_limit(const std::string& path, const RateLimit& limit) {
    if (limit.burst > 0 && limit.per_client <= 0)
      wrong(path + ".rate_limit.burst", "needs a per_client, for example 1000/s");
  }

  void check_plain(const std::string& path, const Config::GroupSection& section) {
    if (has_statements(section)) wrong(path, "has statements but no source; add source: NAME");
    if (section.options.write_mode == WriteMode::invalidate)
      wrong(path + ".write_mode", "a group without a source would keep nothing; remove it");
  }

  void check_kv(const std::string& path, const Config::GroupSection& section) {
    const auto shares = [&](const auto& other) { return other.source == section.source; };
    if (std::ranges::count_if(config_.groups, shares) > 1)
      wrong(path, "shares the kv source '" + section.source +
                      "' with another group; give each its own file");
    check_bare(path, section, "kv");
  }

  void check_bare(const std::string& path, const Config::GroupSection& section, const char* kind) {
    if (has_statements(section))
      wrong(path,
            "a " + std::string(kind) +
                " source needs no statements; remove get, get_many, put, cas, touch and delete");
  }

  std::vector<ConfigError>& errors_;
  Config config_;
  std::map<std::string, std::string> where_;
};

}  // namespace

std::expected<Config, std::vector<ConfigError>> load_config(const std::string& path,
                                                            const Overrides& environment,
                                                            const Overrides& flags) {
  std::vector<ConfigError> errors;
  Builder builder(errors);
  if (!path.empty())
    for (const ConfigEntry& entry : read_yaml_entries(path, errors)) builder.apply(entry);
  for (const auto& [variable, value] : environment)
    if (const auto entry = entry_of_variable(variable, value)) builder.apply(*entry);
  for (const auto& [name, value] : flags) builder.apply({name, value, "flag for " + name});
  Config config = builder.finish();
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return config;
}

Overrides environment_overrides() {
  Overrides found;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const auto equals = line.find('=');
    if (line.starts_with(kVariablePrefix) && equals != std::string_view::npos)
      found.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return found;
}

}  // namespace ringcache
