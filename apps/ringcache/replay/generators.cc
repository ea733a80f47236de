// SPDX-License-Identifier: Apache-2.0
#include "replay/generators.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <random>
#include <system_error>
#include <utility>

namespace ringcache {
namespace {

using NextKey = std::move_only_function<std::uint64_t()>;

struct Parameters {
  std::uint64_t n = 0;
  double s = 0;
  std::uint64_t requests = 0;
  std::uint64_t seed = 1;
};

/// Rejection-inversion: constant time and memory for any n. W. Hörmann, G. Derflinger,
/// "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS
/// 6(3), 1996. H is the integral of the density h(x) = x^-s.
class Zipf {
 public:
  Zipf(std::uint64_t n, double s, std::uint64_t seed)
      : n_(static_cast<double>(n)),
        s_(s),
        from_(integral(1.5) - 1),
        to_(integral(n_ + 0.5)),
        sure_(2 - inverse(integral(2.5) - density(2))),
        random_(seed) {}

  std::uint64_t operator()() {
    for (;;) {
      const double u = to_ + uniform() * (from_ - to_);
      const double x = inverse(u);
      const double k = std::clamp(std::round(x), 1.0, n_);
      if (k - x <= sure_ || u >= integral(k + 0.5) - density(k))
        return static_cast<std::uint64_t>(k);
    }
  }

 private:
  double density(double x) const { return std::exp(-s_ * std::log(x)); }
  double integral(double x) const {
    const double log = std::log(x);
    return expm1_over((1 - s_) * log) * log;
  }
  double inverse(double y) const { return std::exp(log1p_over(std::max(y * (1 - s_), -1.0)) * y); }
  /// (e^x - 1)/x and log(1 + x)/x, also near 0 (s near 1).
  static double expm1_over(double x) { return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2; }
  static double log1p_over(double x) { return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2; }
  double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  double n_, s_, from_, to_, sure_;
  std::mt19937_64 random_;
};

NextKey make_zipf(const Parameters& p) { return Zipf(p.n, p.s, p.seed); }
NextKey make_loop(const Parameters& p) {
  return [n = p.n, at = std::uint64_t{0}]() mutable { return at++ % n; };
}
NextKey make_scan(const Parameters& /*p*/) {
  return [at = std::uint64_t{0}]() mutable { return at++; };
}

struct Kind {
  std::string_view prefix;
  std::string_view parameters;  ///< Those it has.
  Parameters defaults;
  NextKey (*make)(const Parameters&);
};
constexpr std::array kKinds{
    Kind{"zipf:", "n s requests seed", {100'000, 0.99, 1'000'000, 1}, make_zipf},
    Kind{"loop:", "n requests", {1'000, 0, 100'000, 1}, make_loop},
    Kind{"scan:", "requests", {0, 0, 100'000, 1}, make_scan},
};

const Kind* kind_of(std::string_view what) {
  const auto* found = std::ranges::find_if(
      kKinds, [what](const Kind& kind) { return what.starts_with(kind.prefix); });
  return found == kKinds.end() ? nullptr : found;
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end;
}

bool set(Parameters& parameters, std::string_view name, std::string_view value) {
  if (name == "n") return parse_number(value, parameters.n) && parameters.n >= 1;
  if (name == "requests") return parse_number(value, parameters.requests);
  if (name == "seed") return parse_number(value, parameters.seed);
  constexpr double kSkewMax = 100;
  return parse_number(value, parameters.s) && parameters.s >= 0 && parameters.s <= kSkewMax;
}

bool has(const Kind& kind, std::string_view name) {
  for (std::string_view left = kind.parameters; !left.empty();) {
    const std::size_t size = std::min(left.find(' '), left.size());
    if (left.substr(0, size) == name) return true;
    left.remove_prefix(std::min(size + 1, left.size()));
  }
  return false;
}

Result<Parameters> parse(const Kind& kind, std::string_view what) {
  Parameters parameters = kind.defaults;
  for (std::string_view left = what.substr(kind.prefix.size()); !left.empty();) {
    const std::string_view pair = left.substr(0, left.find(','));
    left.remove_prefix(std::min(pair.size() + 1, left.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string where = std::string(what) + ": \"" + std::string(pair) + "\": ";
    if (!has(kind, name))
      return fail(
          Errc::invalid_argument,
          where + "the parameters are NAME=VALUE with NAME one of " + std::string(kind.parameters));
    if (equals == pair.size() || !set(parameters, name, pair.substr(equals + 1)))
      return fail(Errc::invalid_argument, where + "not a value for " + std::string(name));
  }
  return parameters;
}

}  // namespace

bool is_generator(std::string_view what) { return kind_of(what) != nullptr; }

Result<Trace> open_generator(std::string_view what) {
  const Kind* kind = kind_of(what);
  if (!kind) return fail(Errc::invalid_argument, "no such generator");
  Result<Parameters> parameters = parse(*kind, what);
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  return [next = kind->make(*parameters),
          left = parameters->requests](std::span<Request> room) mutable -> Result<std::size_t> {
    const std::size_t size = std::min<std::uint64_t>(room.size(), left);
    for (Request& request : room.first(size)) request = {.key = next(), .bytes = 0};
    left -= size;
    return size;
  };
}

}  // namespace ringcache
