#pragma once

// Reads documents as services write them in one pass, straight into values: one flat object, with no white space but
// blanks, short numbers, and no escapes but of single characters. simdjson first finds all structure, and then copies all
// text; here text stays where it is, and a key is first compared with the one that came there the last time. Whatever is not plain, or not right, is left to simdjson: a
// document that this reading takes is one that simdjson takes too, with the same values.

#include <simdjson.h>

#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "field_names.hpp"
#include "field_values.hpp"

namespace polyrhythm {

/// A value of a plain document: what simdjson's element would say of it. Only what belongs to `kind` is set.
struct PlainValue {
  element_type kind;
  int64_t integer;
  double number;
  bool boolean;
  std::string_view text;

  element_type type() const { return kind; }
};

inline int64_t integer_of(const PlainValue &value) { return value.integer; }
inline double number_of(const PlainValue &value) {
  return value.kind == element_type::INT64 ? static_cast<double>(value.integer) : value.number;
}
inline bool boolean_of(const PlainValue &value) { return value.boolean; }
inline std::string_view string_of(const PlainValue &value) { return value.text; }

#ifdef __SSE2__

/// Bytes that are looked at together.
constexpr size_t block = 16;

/// A field's name as it stands in a document, in quotes and with a colon after it.
struct KeyPattern {
  alignas(block) char bytes[block] = {};
  /// Bit 1 << i: byte i belongs to the pattern.
  int mask = 1;
  int count = 0;
};

/// By `event_field`; nothing is like the pattern of `EVENT_FIELD_COUNT`.
struct KeyPatterns {
  KeyPattern of[EVENT_FIELD_COUNT + 1] = {};

  constexpr KeyPatterns() {
    for (int field = 0; field < EVENT_FIELD_COUNT; ++field) {
      KeyPattern &pattern = of[field];
      pattern.bytes[pattern.count++] = '"';
      for (const char *name = descriptions[field].name; *name; ++name) {
        pattern.bytes[pattern.count++] = *name;
      }
      pattern.bytes[pattern.count++] = '"';
      pattern.bytes[pattern.count++] = ':';
      pattern.mask = (1 << pattern.count) - 1;
    }
  }
};
inline constexpr KeyPatterns key_patterns;

/// Goes through one document. Every function returns false where the document is not plain; it reads less than
/// `EVENT_DECODER_PADDING` bytes beyond the end.
class PlainReader {
 public:
  /// - Parameter unescaped: has room for the document and for `block` more bytes.
  PlainReader(const uint8_t *json, size_t count, uint8_t *unescaped)
      : start(json), at(json), end(json + count), unescaped(unescaped) {}

  simdjson_inline bool open() { return take('{') && at < end; }

  /// Reads a member's key, and the colon, if they are those of a field.
  simdjson_inline bool key(event_field field) {
    const KeyPattern &pattern = key_patterns.of[field];
    const __m128i wanted = _mm_load_si128(reinterpret_cast<const __m128i *>(pattern.bytes));
    const int same = _mm_movemask_epi8(_mm_cmpeq_epi8(load(), wanted));
    if ((same & pattern.mask) != pattern.mask) return false;
    at += pattern.count;
    return true;
  }

  /// Reads a member's key, and the colon.
  simdjson_inline bool key(std::string_view &name) {
    skip_blanks();
    if (!take('"') || !string(name)) return false;
    skip_blanks();
    return take(':');
  }

  simdjson_inline bool value(PlainValue &value) {
    if (simdjson_unlikely(*at == ' ')) skip_blanks();
    switch (*at) {
      case '"':
        ++at;
        value.kind = element_type::STRING;
        return string(value.text);
      case 't':
        value.kind = element_type::BOOL;
        value.boolean = true;
        return word("true", 4);
      case 'f':
        value.kind = element_type::BOOL;
        value.boolean = false;
        return word("false", 5);
      case 'n':
        value.kind = element_type::NULL_VALUE;
        return word("null", 4);
      default:
        return number(value);
    }
  }

  /// Reads what follows a member: a comma, or the end of the object and of the document.
  simdjson_inline bool next(bool &is_last) {
    if (simdjson_unlikely(*at == ' ')) skip_blanks();
    is_last = *at == '}';
    // A key begins before the end, so that what is read of a member stays within the padding.
    return is_last ? take('}') && close() : take(',') && at < end;
  }

 private:
  const uint8_t *start, *at, *end;
  uint8_t *unescaped;
  /// All bytes of text, or-ed together: its top bits tell whether any is beyond ASCII.
  __m128i seen = _mm_setzero_si128();

  simdjson_inline bool take(char character) { return *at++ == static_cast<uint8_t>(character); }

  simdjson_inline void skip_blanks() {
    while (*at == ' ' && at < end) ++at;
  }

  simdjson_inline bool word(const char *word, size_t count) {
    if (std::memcmp(at, word, count) != 0) return false;
    at += count;
    return true;
  }

  /// The first byte of the block that ends a stretch of text: a quote, a backslash, or a control character, which no
  /// text may have. `block` where there is none.
  simdjson_inline size_t stretch(__m128i bytes) {
    const __m128i controls = _mm_set1_epi8(0x1f);
    const __m128i stops = _mm_or_si128(
        _mm_or_si128(
            _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, controls), bytes));
    seen = _mm_or_si128(seen, bytes);
    return static_cast<size_t>(__builtin_ctz(_mm_movemask_epi8(stops) | 1 << block));
  }

  simdjson_inline __m128i load() const {
    return _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
  }

  /// Reads text after its opening quote, and the closing quote.
  simdjson_inline bool string(std::string_view &text) {
    const uint8_t *first = at;
    for (;;) {
      const size_t length = stretch(load());
      at += length;
      if (at >= end) return false;
      if (length < block) break;
    }
    if (*at == '\\') return escaped(first, text);
    text = {reinterpret_cast<const char *>(first), static_cast<size_t>(at - first)};
    return take('"');
  }

  /// Reads on from the first backslash of a text, and copies the text without its escapes.
  bool escaped(const uint8_t *first, std::string_view &text) {
    uint8_t *const copy = unescaped;
    std::memcpy(copy, first, at - first);
    unescaped += at - first;
    while (*at == '\\') {
      switch (at[1]) {
        case '"': *unescaped = '"'; break;
        case '\\': *unescaped = '\\'; break;
        case '/': *unescaped = '/'; break;
        case 'b': *unescaped = '\b'; break;
        case 'f': *unescaped = '\f'; break;
        case 'n': *unescaped = '\n'; break;
        case 'r': *unescaped = '\r'; break;
        case 't': *unescaped = '\t'; break;
        default: return false;
      }
      at += 2;
      ++unescaped;
      for (;;) {
        if (at >= end) return false;
        const __m128i bytes = load();
        _mm_storeu_si128(reinterpret_cast<__m128i *>(unescaped), bytes);
        const size_t length = stretch(bytes);
        at += length;
        unescaped += length;
        if (length < block) break;
      }
      if (at >= end) return false;
    }
    text = {reinterpret_cast<const char *>(copy), static_cast<size_t>(unescaped - copy)};
    return take('"');
  }

  /// The number that eight digits are, the first in the lowest byte, each as its value.
  static simdjson_inline uint64_t eight_digits(uint64_t digits) {
    constexpr uint64_t pairs = 0x000000FF000000FF;
    digits = digits * 10 + (digits >> 8);
    return ((digits & pairs) * (100 + (uint64_t(1000000) << 32)) +
            ((digits >> 16) & pairs) * (1 + (uint64_t(10000) << 32))) >> 32;
  }

  /// Reads fewer than sixteen digits.
  /// - Returns: how many there are, from 1; 0 where this is something else.
  simdjson_inline size_t digits(uint64_t &value) {
    constexpr uint64_t zeros = 0x3030303030303030;
    const __m128i values = _mm_sub_epi8(load(), _mm_set1_epi8('0'));
    const __m128i digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
    const size_t count = static_cast<size_t>(__builtin_ctz(~_mm_movemask_epi8(digits)));
    if (count == 0 || count >= block) return 0;
    uint64_t words[2];
    std::memcpy(words, at, block);
    at += count;
    // Shifting moves zeros in front of the digits, and what follows the digits out.
    if (count <= 8) {
      value = eight_digits((words[0] - zeros) << (64 - 8 * count));
    } else {
      const size_t rest = count - 8;
      value = eight_digits(words[0] - zeros) * powers[rest] +
              eight_digits((words[1] - zeros) << (64 - 8 * rest));
    }
    return count;
  }

  static constexpr uint64_t powers[block] = {
      1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
      100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000};

  /// A number without an exponent. All its digits fit 53 bits where it has a fraction, so that one division gives the
  /// double that is next to it.
  simdjson_inline bool number(PlainValue &value) {
    const bool is_negative = *at == '-';
    at += is_negative;
    const uint8_t first = *at;
    uint64_t whole;
    const size_t count = digits(whole);
    if (count == 0 || (first == '0' && count > 1)) return false;
    if (*at != '.') {
      value.kind = element_type::INT64;
      value.integer = is_negative ? -static_cast<int64_t>(whole) : static_cast<int64_t>(whole);
      return true;
    }
    ++at;
    uint64_t fraction;
    const size_t decimals = digits(fraction);
    if (decimals == 0 || count + decimals >= block) return false;
    const double number = static_cast<double>(whole * powers[decimals] + fraction) /
                          static_cast<double>(powers[decimals]);
    value.kind = element_type::DOUBLE;
    value.number = is_negative ? -number : number;
    return true;
  }

  /// Nothing but white space may follow the object, and all text must be UTF-8.
  simdjson_inline bool close() {
    if (at > end) return false;
    for (const uint8_t *rest = at; rest < end; ++rest) {
      if (*rest != ' ' && *rest != '\n' && *rest != '\r' && *rest != '\t') return false;
    }
    return _mm_movemask_epi8(seen) == 0 ||
           simdjson::validate_utf8(reinterpret_cast<const char *>(start), end - start);
  }
};

#endif

}  // namespace polyrhythm
