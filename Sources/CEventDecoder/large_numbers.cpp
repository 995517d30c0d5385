#include "large_numbers.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <system_error>

namespace polyrhythm {

namespace {

bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

size_t skip_digits(const uint8_t *text, size_t count, size_t at) {
  while (at < count && is_digit(text[at])) at++;
  return at;
}

/// True if the text, which is a JSON number, is beyond the range that the parser takes.
bool is_large(const uint8_t *text, size_t count) {
  const std::string copy(reinterpret_cast<const char *>(text), count);
  if (copy.find_first_of(".eE") != std::string::npos) {
    return std::isinf(std::strtod(copy.c_str(), nullptr));
  }
  const char *end = copy.data() + count;
  if (copy[0] == '-') {
    int64_t value;
    return std::from_chars(copy.data(), end, value).ec != std::errc();
  }
  uint64_t value;
  return std::from_chars(copy.data(), end, value).ec != std::errc();
}

}  // namespace

bool is_json_number(const uint8_t *text, size_t count) {
  size_t at = 0;
  if (at < count && text[at] == '-') at++;
  if (at == count || !is_digit(text[at])) return false;
  at = text[at] == '0' ? at + 1 : skip_digits(text, count, at);
  if (at < count && text[at] == '.') {
    const size_t fraction = at + 1;
    at = skip_digits(text, count, fraction);
    if (at == fraction) return false;
  }
  if (at < count && (text[at] == 'e' || text[at] == 'E')) {
    at++;
    if (at < count && (text[at] == '+' || text[at] == '-')) at++;
    const size_t exponent = at;
    at = skip_digits(text, count, exponent);
    if (at == exponent) return false;
  }
  return at == count;
}

size_t replace_large_numbers(uint8_t *json, size_t count, std::vector<LargeNumber> &members) {
  size_t replaced = 0, depth = 0, member = 0;
  for (size_t at = 0; at < count;) {
    const uint8_t c = json[at];
    if (c == '"') {
      for (at++; at < count && json[at] != '"'; at++) {
        if (json[at] == '\\') at++;
      }
      at++;
    } else if (c == '-' || is_digit(c)) {
      const size_t start = at;
      while (at < count && (is_digit(json[at]) || json[at] == '-' || json[at] == '+' ||
                            json[at] == '.' || json[at] == 'e' || json[at] == 'E')) {
        at++;
      }
      if (!is_json_number(json + start, at - start) || !is_large(json + start, at - start)) {
        continue;
      }
      if (depth == 1) members.push_back({member, start, at - start});
      json[start] = '0';
      for (size_t i = start + 1; i < at; i++) json[i] = ' ';
      replaced++;
    } else {
      if (c == '{' || c == '[') depth++;
      if ((c == '}' || c == ']') && depth > 0) depth--;
      if (c == ',' && depth == 1) member++;
      at++;
    }
  }
  return replaced;
}

}  // namespace polyrhythm
