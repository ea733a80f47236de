// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace ringcache {

/// Lines of cells, printed in columns; the first line is the heading. Chinese, Japanese and Korean
/// characters count as two columns wide.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : lines_{std::move(heading)} {}
  void add(std::vector<std::string> line) { lines_.push_back(std::move(line)); }
  void print(std::ostream& to) const;

 private:
  std::vector<std::vector<std::string>> lines_;
};

/// Columns a UTF-8 text takes on a terminal.
std::size_t display_width(const std::string& text);

/// "33.3 %" of 0.333.
std::string percent(double part);

}  // namespace ringcache
