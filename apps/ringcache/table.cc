// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace ringcache {

std::size_t display_width(const std::string& text) {
  std::size_t width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // inside a character
    width +=
        byte >= 0xe1 && byte != 0xe2 ? 2 : 1;  // from U+1000 on, without the U+2000 block of signs
  }
  return width;
}

void Table::print(std::ostream& to) const {
  std::vector<std::size_t> widths(lines_.front().size());
  for (const auto& line : lines_)
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], display_width(line[i]));
  for (const auto& line : lines_) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - display_width(line[i]) + 2, ' ');
    }
    to << text << '\n';
  }
}

std::string percent(double part) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * part);
  return text;
}

}  // namespace ringcache
