#pragma once

// Converts a JSON value to the type of its field. In fields of every type `null` and "" count as absent.

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#include "event_decoder.h"
#include "large_numbers.hpp"

namespace polyrhythm {

using simdjson::dom::element;
using simdjson::dom::element_type;

enum class Verdict { absent, usable, wrong_type, out_of_range };

/// 2^53. A whole double below this is exactly the integer that was written; from here on several integers
/// share one double.
constexpr double exact_integers_end = 9007199254740992.0;

// What an element says, for its own type; `PlainValue` has the same functions.
inline int64_t integer_of(element value) { return value.get_int64().value_unsafe(); }
inline double number_of(element value) { return value.get_double().value_unsafe(); }
inline bool boolean_of(element value) { return value.get_bool().value_unsafe(); }
inline std::string_view string_of(element value) { return value.get_string().value_unsafe(); }

inline Verdict integer_from_text(std::string_view digits, int64_t &out) {
  const char *end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, out);
  if (error == std::errc::invalid_argument || stop != end) return Verdict::wrong_type;
  return error == std::errc() ? Verdict::usable : Verdict::out_of_range;
}

template <typename Value>
inline Verdict take_integer(const Value &value, int64_t &out, bool string_allowed) {
  switch (value.type()) {
    case element_type::INT64:
      out = integer_of(value);
      return Verdict::usable;
    case element_type::UINT64:
      return Verdict::out_of_range;
    case element_type::DOUBLE: {
      const double number = number_of(value);
      if (std::fabs(number) >= exact_integers_end) return Verdict::out_of_range;
      out = static_cast<int64_t>(number);
      return static_cast<double>(out) == number ? Verdict::usable : Verdict::wrong_type;
    }
    case element_type::STRING: {
      const std::string_view digits = string_of(value);
      if (digits.empty()) return Verdict::absent;
      return string_allowed ? integer_from_text(digits, out) : Verdict::wrong_type;
    }
    case element_type::NULL_VALUE:
      return Verdict::absent;
    default:
      return Verdict::wrong_type;
  }
}

template <typename Value>
inline Verdict take_number(const Value &value, double &out) {
  switch (value.type()) {
    case element_type::DOUBLE:
    case element_type::INT64:
    case element_type::UINT64:
      out = number_of(value);
      return Verdict::usable;
    case element_type::STRING: {
      const std::string_view digits = string_of(value);
      if (digits.empty()) return Verdict::absent;
      if (!is_json_number(
              reinterpret_cast<const uint8_t *>(digits.data()), digits.size())) {
        return Verdict::wrong_type;
      }
      const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), out);
      return result.ec == std::errc() ? Verdict::usable : Verdict::out_of_range;
    }
    case element_type::NULL_VALUE:
      return Verdict::absent;
    default:
      return Verdict::wrong_type;
  }
}

template <typename Value>
inline Verdict take_boolean(const Value &value, bool &out) {
  switch (value.type()) {
    case element_type::BOOL:
      out = boolean_of(value);
      return Verdict::usable;
    case element_type::STRING: {
      const std::string_view word = string_of(value);
      if (word.empty()) return Verdict::absent;
      out = word == "true";
      return out || word == "false" ? Verdict::usable : Verdict::wrong_type;
    }
    case element_type::NULL_VALUE:
      return Verdict::absent;
    default:
      return Verdict::wrong_type;
  }
}

template <typename Value>
inline Verdict take_text(const Value &value, event_text &out) {
  if (value.type() == element_type::STRING) {
    const std::string_view view = string_of(value);
    out = {reinterpret_cast<const uint8_t *>(view.data()), view.size()};
    return view.empty() ? Verdict::absent : Verdict::usable;
  }
  out = {nullptr, 0};
  return value.type() == element_type::NULL_VALUE ? Verdict::absent : Verdict::wrong_type;
}

/// A text with a NUL in it is refused: PostgreSQL's text cannot hold it, so one such event would
/// fail the load of all others.
inline bool has_nul(element value) {
  if (value.type() != element_type::STRING) return false;
  const std::string_view view = string_of(value);
  return std::memchr(view.data(), 0, view.size()) != nullptr;
}

/// True if a text of the document may have a NUL in it. A valid document can write NUL in one way only, as
/// the escape \u0000.
inline bool has_nul_escape(const uint8_t *json, size_t count) {
  const uint8_t *end = json + count;
  while (json < end) {
    json = static_cast<const uint8_t *>(std::memchr(json, '\\', end - json));
    if (!json) return false;
    if (end - json >= 6 && std::memcmp(json + 1, "u0000", 5) == 0) return true;
    json += 2;
  }
  return false;
}

}  // namespace polyrhythm
