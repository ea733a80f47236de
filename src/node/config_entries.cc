// SPDX-License-Identifier: Apache-2.0
#include "node/config_entries.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

namespace ringcache {
namespace {

/// Walks a document depth first. A path that comes twice is a mistake: yaml-cpp would keep one
/// silently.
class Flattener {
 public:
  Flattener(std::string file, std::vector<ConfigError>& errors)
      : file_(std::move(file)), errors_(errors) {}

  void walk(const std::string& path, const YAML::Node& node) {
    if (node.IsMap()) return walk_map(path, node);
    if (node.IsSequence()) return walk_sequence(path, node);
    add(path, node.IsScalar() ? node.Scalar() : std::string(), node);
  }

  std::vector<ConfigEntry> take() { return std::move(entries_); }

 private:
  void walk_map(const std::string& path, const YAML::Node& node) {
    for (const auto& item : node) {
      const std::string key = item.first.Scalar();
      const std::string below = path.empty() ? key : path + '.' + key;
      if (!seen_.insert(below).second)
        errors_.push_back({where(item.first), "'" + below + "' is given twice; keep one"});
      else
        walk(below, item.second);
    }
  }

  void walk_sequence(const std::string& path, const YAML::Node& node) {
    std::string joined;
    std::size_t position = 0;
    for (const YAML::Node& item : node) {
      if (!item.IsScalar())
        walk(path + '.' + std::to_string(position), item);
      else
        joined += (position ? "," : "") + item.Scalar();
      ++position;
    }
    if (!joined.empty()) add(path, joined, node);
  }

  void add(const std::string& path, std::string value, const YAML::Node& at) {
    entries_.push_back({path, std::move(value), where(at)});
  }

  std::string where(const YAML::Node& node) const {
    return file_ + ':' + std::to_string(node.Mark().line + 1);
  }

  std::string file_;
  std::vector<ConfigError>& errors_;
  std::set<std::string> seen_;
  std::vector<ConfigEntry> entries_;
};

/// The whole file; nothing, and errno, when it cannot be read.
std::optional<std::string> read_file(const std::string& file) {
  if (std::filesystem::is_directory(file)) return errno = EISDIR, std::nullopt;
  std::ifstream stream(file);
  if (!stream) return {};
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

}  // namespace

std::vector<ConfigEntry> read_yaml_entries(const std::string& file,
                                           std::vector<ConfigError>& errors) {
  const auto text = read_file(file);
  if (!text) {
    errors.push_back({file, std::string("cannot be read: ") + std::strerror(errno)});
    return {};
  }
  try {
    const YAML::Node root = YAML::Load(*text);
    Flattener flattener(file, errors);
    if (root.IsMap())
      flattener.walk("", root);
    else if (!root.IsNull())
      errors.push_back({file + ":1",
                        "is not a configuration; write sections, for example\n"
                        "  listen: {http: 127.0.0.1:8080}"});
    return flattener.take();
  } catch (const YAML::Exception& mistake) {
    errors.push_back({file + ':' + std::to_string(mistake.mark.line + 1), mistake.msg});
    return {};
  }
}

}  // namespace ringcache
