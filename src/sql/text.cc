// SPDX-License-Identifier: Apache-2.0
#include "sql/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace ringcache {
namespace {

bool begins_word(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80);
}
bool is_word(char c) { return begins_word(c) || std::isdigit(static_cast<unsigned char>(c)); }
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)); }

std::string upper(std::string_view word) {
  std::string made(word);
  for (char& c : made) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return made;
}

constexpr std::array<std::string_view, 4> kReads{"SELECT", "WITH", "VALUES", "TABLE"};
constexpr std::array<std::string_view, 4> kChanges{"INSERT", "UPDATE", "DELETE", "MERGE"};

bool holds(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Reads a statement from left to right, and writes what the database gets.
class Reader {
 public:
  Reader(std::string_view text, const SqlSyntax& syntax, std::size_t keys)
      : text_(text), syntax_(syntax), keys_(keys) {}

  SqlText read() {
    while (at_ < text_.size())
      if (!comment() && !quoted() && !marker() && !word()) other();
    made_.writes = writes();
    return std::move(made_);
  }

 private:
  bool sees(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  char next(std::size_t ahead = 1) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void copy_to(std::size_t end) {
    made_.text += text_.substr(at_, end - at_);
    at_ = end;
  }
  /// Behind the next `what`, or the end of the text.
  std::size_t behind(std::string_view what, std::size_t from) const {
    const std::size_t found = text_.find(what, from);
    return found == std::string_view::npos ? text_.size() : found + what.size();
  }
  /// What follows belongs to the statement, or to another one behind it.
  void code() {
    made_.further |= ended_;
    made_.empty = false;
  }

  bool comment() {
    if (sees("--") || (syntax_.hash_comments && sees("#"))) return copy_to(behind("\n", at_)), true;
    if (!sees("/*")) return false;
    return copy_to(behind("*/", at_ + 2)), true;
  }

  bool quoted() {
    const char quote = text_[at_];
    if (syntax_.dollar_quotes && quote == '$') return dollar_quoted();
    const bool bracket = syntax_.brackets && quote == '[';
    if (!bracket && !std::string_view("'\"`").contains(quote)) return false;
    code();
    copy_to(end_of_quotes(bracket ? ']' : quote));
    previous_.clear();
    return true;
  }

  /// A doubled quote is one in the string: what looks like the next string goes on with it.
  std::size_t end_of_quotes(char quote) const {
    const bool escapes = quote == '\'' && at_ > 0 && (text_[at_ - 1] | 32) == 'e';
    const bool backslashes =
        (syntax_.backslashes && quote != '`') || (syntax_.dollar_quotes && escapes);
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote)
      end += backslashes && text_[end] == '\\' ? 2u : 1u;
    return std::min(end + 1, text_.size());
  }

  bool dollar_quoted() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end >= text_.size() || text_[end] != '$' || std::isdigit(next())) return false;
    code();
    return copy_to(behind(text_.substr(at_, end + 1 - at_), end + 1)), true;
  }

  bool marker() {
    if (sees("::")) return code(), copy_to(at_ + 2), true;
    if (syntax_.own_markers.contains(text_[at_])) return own_marker();
    if (text_[at_] != ':' || !begins_word(next())) return false;
    code();
    const std::string name(word_at(at_ + 1));
    at_ += 1 + name.size();
    name == "keys" ? list() : put_marker(name);
    return true;
  }

  bool own_marker() {
    code();
    const std::string_view rest = word_at(at_ + 1);
    made_.markers.emplace_back(text_.substr(at_, 1 + rest.size()));
    copy_to(at_ + 1 + rest.size());
    return true;
  }

  void put_marker(const std::string& name) {
    if (!syntax_.numbered) {
      made_.markers.push_back(name);
      made_.text += '?';
      return;
    }
    auto known = std::ranges::find(made_.markers, name);
    if (known == made_.markers.end()) known = made_.markers.insert(known, name);
    made_.text += '$' + std::to_string(known - made_.markers.begin() + 1);
  }

  void list() {
    if (syntax_.arrays) return array();
    for (std::size_t i = 0; i < keys_; ++i) {
      if (i > 0) made_.text += ", ";
      put_marker("keys");
    }
  }

  /// `IN (` has been written already, and its `)` follows.
  void array() {
    const std::size_t in = made_.text.size() - written_;
    if (previous_ == "IN" && made_.text.find('(', in) != std::string::npos)
      made_.text.replace(in, written_, "= ANY (");
    put_marker("keys");
  }

  bool word() {
    if (!begins_word(text_[at_])) return false;
    code();
    const std::string_view word = word_at(at_);
    note(upper(word), text_.substr(at_ + word.size()));
    copy_to(at_ + word.size());
    written_ = word.size();
    return true;
  }

  std::string_view word_at(std::size_t from) const {
    std::size_t end = from;
    while (end < text_.size() && is_word(text_[end])) ++end;
    return text_.substr(from, end - from);
  }

  void note(std::string word, std::string_view rest) {
    const std::size_t behind = rest.find_first_not_of(" \t\r\n");
    const bool is_call = behind != std::string_view::npos && rest[behind] == '(';
    const bool is_lock = previous_ == "FOR" || previous_ == "KEY";
    changes_ |= !is_call && !is_lock && holds(kChanges, word);
    if (first_.empty()) first_ = word;
    previous_ = std::move(word);
  }

  void other() {
    const char c = text_[at_];
    ended_ |= c == ';';
    if (!is_space(c) && c != ';') {
      code();
      if (c != '(') previous_.clear();
    }
    ++written_;
    copy_to(at_ + 1);
  }

  bool writes() const {
    if (made_.empty) return false;
    return changes_ || !holds(kReads, first_);
  }

  const std::string_view text_;
  const SqlSyntax& syntax_;
  const std::size_t keys_;
  std::size_t at_ = 0;
  SqlText made_;
  bool ended_ = false;       // by a semicolon
  bool changes_ = false;     // has a word that changes rows
  std::string first_;        // word
  std::string previous_;     // word, unless something other than "(" came after it
  std::size_t written_ = 0;  // bytes since that word began
};

}  // namespace

SqlText read_sql(std::string_view text, const SqlSyntax& syntax, std::size_t keys) {
  return Reader(text, syntax, keys).read();
}

}  // namespace ringcache
