#include "event_decoder.h"

#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

#include "field_names.hpp"
#include "field_values.hpp"
#include "large_numbers.hpp"
#include "plain_document.hpp"

using namespace polyrhythm;

static_assert(EVENT_DECODER_PADDING >= simdjson::SIMDJSON_PADDING);
static_assert(EVENT_FIELD_COUNT <= 32, "a field is a bit of event_fields.present");

struct event_decoder {
  simdjson::dom::parser parser;
  simdjson::dom::document document;
  element root;
  event_fields fields;
  const char *message = "";
  /// The last document, where `fields` were read without simdjson, so that `root` is not of that document.
  const uint8_t *plain = nullptr;
  size_t plain_count = 0;
  /// Text of a plain document whose escapes have been replaced.
  std::unique_ptr<uint8_t[]> unescaped;
  size_t unescaped_capacity = 0;
  /// The field that came after each field the last time, and the one that came first: services write a kind of event
  /// in one order.
  event_field follower[EVENT_FIELD_COUNT + 1] = {};
  /// Hold a zip code and a track id that came as numbers.
  char zip_digits[24], track_digits[24];
  /// A copy of the document in which 0 stands for each large number, and the list of those numbers. Both are
  /// hardly ever needed.
  std::unique_ptr<uint8_t[]> repaired;
  std::vector<LargeNumber> large_numbers;
  std::vector<uint8_t> large_text;

  event_outcome parse(const uint8_t *json, size_t count);
  bool read_plain(const uint8_t *json, size_t count);
  Verdict take_plain(event_field field, const PlainValue &value);
  bool has_root();
  event_outcome parse_without_large_numbers(const uint8_t *json, size_t count);
  simdjson::error_code parse_document(const uint8_t *json, size_t count);
  event_outcome read_fields(bool may_have_nul);
  void mark_large_numbers();
  template <typename Value>
  Verdict take(event_field field, const Value &value, event_fields &out);
  template <typename Value>
  Verdict take_text_or_digits(const Value &value, event_text &out, char (&digits)[24]);
};

template <typename Value>
Verdict event_decoder::take_text_or_digits(
    const Value &value, event_text &out, char (&digits)[24]) {
  if (value.type() == element_type::STRING || value.type() == element_type::NULL_VALUE) {
    return take_text(value, out);
  }
  out = {nullptr, 0};
  int64_t number;
  const Verdict verdict = take_integer(value, number, false);
  if (verdict != Verdict::usable) return verdict;
  if (number < 0) return Verdict::out_of_range;
  const auto result = std::to_chars(digits, digits + sizeof digits, number);
  out = {reinterpret_cast<const uint8_t *>(digits), static_cast<size_t>(result.ptr - digits)};
  return Verdict::usable;
}

template <typename Value>
simdjson_inline Verdict event_decoder::take(
    event_field field, const Value &value, event_fields &out) {
  switch (field) {
    case EVENT_TS: return take_integer(value, out.ts, false);
    case EVENT_SESSION_ID: return take_integer(value, out.session_id, false);
    case EVENT_ITEM_IN_SESSION: return take_integer(value, out.item_in_session, false);
    case EVENT_USER_ID: return take_integer(value, out.user_id, true);
    case EVENT_REGISTRATION: return take_integer(value, out.registration, true);
    case EVENT_STATUS: return take_integer(value, out.status, true);
    case EVENT_LON: return take_number(value, out.lon);
    case EVENT_LAT: return take_number(value, out.lat);
    case EVENT_DURATION: return take_number(value, out.duration);
    case EVENT_LENGTH: return take_number(value, out.length);
    case EVENT_SUCCESS: return take_boolean(value, out.success);
    case EVENT_ZIP: return take_text_or_digits(value, out.zip, zip_digits);
    case EVENT_LEVEL: return take_text(value, out.level);
    case EVENT_USER_AGENT: return take_text(value, out.user_agent);
    case EVENT_CITY: return take_text(value, out.city);
    case EVENT_STATE: return take_text(value, out.state);
    case EVENT_COUNTRY: return take_text(value, out.country);
    case EVENT_FIRST_NAME: return take_text(value, out.first_name);
    case EVENT_LAST_NAME: return take_text(value, out.last_name);
    case EVENT_GENDER: return take_text(value, out.gender);
    case EVENT_AUTH: return take_text(value, out.auth);
    case EVENT_ARTIST: return take_text(value, out.artist);
    case EVENT_SONG: return take_text(value, out.song);
    case EVENT_PAGE: return take_text(value, out.page);
    case EVENT_METHOD: return take_text(value, out.method);
    case EVENT_TAG: return take_text(value, out.tag);
    case EVENT_TRACK_ID: return take_text_or_digits(value, out.track_id, track_digits);
    case EVENT_LOCATION: return take_text(value, out.location);
    case EVENT_FIELD_COUNT: break;
  }
  return Verdict::absent;
}

simdjson::error_code event_decoder::parse_document(const uint8_t *json, size_t count) {
  // Growing in powers of two keeps slowly growing documents from allocating each time.
  if (count > parser.capacity()) {
    size_t capacity = 4096;
    while (capacity < count) capacity *= 2;
    if (const auto error = parser.allocate(capacity)) return error;
    if (const auto error = document.allocate(capacity)) return error;
  }
  return parser.parse_into_document(document, json, count, false).get(root);
}

event_outcome event_decoder::read_fields(bool may_have_nul) {
  fields = event_fields{};
  simdjson::dom::object object;
  if (root.get_object().get(object)) return EVENT_NOT_AN_OBJECT;
  uint32_t present = 0, wrong = 0;
  for (auto member = object.begin(); member != object.end(); ++member) {
    const event_field field = field_named(member.key());
    if (field == EVENT_FIELD_COUNT) continue;
    const element value = member.value();
    Verdict verdict = take(field, value, fields);
    if (simdjson_unlikely(may_have_nul) && has_nul(value)) verdict = Verdict::out_of_range;
    const uint32_t bit = uint32_t(1) << field;
    present &= ~bit;
    wrong &= ~bit;
    if (verdict == Verdict::usable) {
      present |= bit;
    } else if (verdict != Verdict::absent) {
      wrong |= bit;
    }
  }
  fields.present = present;
  fields.wrong = wrong;
  return EVENT_DECODED;
}

static_assert(offsetof(event_fields, status) == offsetof(event_fields, ts) + 8 * EVENT_STATUS);
static_assert(
    offsetof(event_fields, length) ==
    offsetof(event_fields, lon) + 8 * (EVENT_LENGTH - EVENT_LON));
static_assert(
    offsetof(event_fields, location) ==
    offsetof(event_fields, zip) + sizeof(event_text) * (EVENT_LOCATION - EVENT_ZIP));

/// `take` for the values that fields usually have, which go to their place without a question for each field.
simdjson_inline Verdict event_decoder::take_plain(event_field field, const PlainValue &value) {
  char *const place = reinterpret_cast<char *>(&fields);
  if (value.kind == element_type::STRING && field >= EVENT_ZIP) {
    const size_t offset =
        offsetof(event_fields, zip) + sizeof(event_text) * size_t(field - EVENT_ZIP);
    return take_text(value, *reinterpret_cast<event_text *>(place + offset));
  }
  if (value.kind == element_type::INT64 && field <= EVENT_STATUS) {
    const size_t offset = offsetof(event_fields, ts) + sizeof(int64_t) * size_t(field);
    *reinterpret_cast<int64_t *>(place + offset) = value.integer;
    return Verdict::usable;
  }
  if (value.kind == element_type::DOUBLE && field >= EVENT_LON && field <= EVENT_LENGTH) {
    const size_t offset = offsetof(event_fields, lon) + sizeof(double) * size_t(field - EVENT_LON);
    *reinterpret_cast<double *>(place + offset) = value.number;
    return Verdict::usable;
  }
  return take(field, value, fields);
}

/// Reads a plain document without simdjson.
/// - Returns: false where the document is not plain, or a field has a value that it cannot take.
bool event_decoder::read_plain(const uint8_t *json, size_t count) {
#ifdef __SSE2__
  if (simdjson_unlikely(count + block > unescaped_capacity)) {
    unescaped_capacity = 2 * (count + block);
    unescaped.reset(new uint8_t[unescaped_capacity]);
  }
  fields = event_fields{};
  PlainReader reader(json, count, unescaped.get());
  if (!reader.open()) return false;
  uint32_t present = 0;
  event_field before = EVENT_FIELD_COUNT;
  for (bool is_last = false; !is_last;) {
    event_field field = follower[before];
    if (simdjson_unlikely(!reader.key(field))) {
      std::string_view key;
      if (!reader.key(key)) return false;
      field = follower[before] = field_named(key);
    }
    before = field;
    PlainValue value;
    if (!reader.value(value) || !reader.next(is_last)) return false;
    if (field == EVENT_FIELD_COUNT) continue;
    const Verdict verdict = take_plain(field, value);
    if (simdjson_unlikely(verdict > Verdict::usable)) return false;
    const uint32_t bit = uint32_t(1) << field;
    present = verdict == Verdict::usable ? present | bit : present & ~bit;
  }
  fields.present = present;
  plain = json;
  plain_count = count;
  return true;
#else
  return false;
#endif
}

/// Makes `root` that of the last document, which may have been read without simdjson.
bool event_decoder::has_root() {
  if (!plain) return true;
  const uint8_t *json = plain;
  plain = nullptr;
  return parse_document(json, plain_count) == simdjson::SUCCESS;
}

/// Marks as wrong each field whose large number was replaced by 0, unless the same key comes again with
/// another value.
void event_decoder::mark_large_numbers() {
  simdjson::dom::object object;
  if (large_numbers.empty() || root.get_object().get(object)) return;
  uint32_t large = 0;
  size_t index = 0;
  auto next = large_numbers.begin();
  for (auto member = object.begin(); member != object.end(); ++member, ++index) {
    const bool is_large = next != large_numbers.end() && next->member == index;
    if (is_large) ++next;
    const event_field field = field_named(member.key());
    if (field == EVENT_FIELD_COUNT) continue;
    const uint32_t bit = uint32_t(1) << field;
    large = is_large ? large | bit : large & ~bit;
  }
  fields.wrong |= large;
  fields.present &= ~large;
}

/// Parses a document again with 0 in place of its large numbers. RFC 8259 allows a number that 64 bits
/// cannot hold, but simdjson refuses the whole document for it. Without this second attempt such a number
/// in an unknown field would send the event to quarantine, and one in a known field would not be named.
event_outcome event_decoder::parse_without_large_numbers(const uint8_t *json, size_t count) {
  repaired.reset(new uint8_t[count + EVENT_DECODER_PADDING]);
  std::memcpy(repaired.get(), json, count);
  std::memset(repaired.get() + count, ' ', EVENT_DECODER_PADDING);
  if (replace_large_numbers(repaired.get(), count, large_numbers) == 0) {
    return EVENT_MALFORMED;
  }
  large_text.assign(json, json + count);
  if (const auto error = parse_document(repaired.get(), count)) {
    message = simdjson::error_message(error);
    return EVENT_MALFORMED;
  }
  const event_outcome outcome = read_fields(has_nul_escape(json, count));
  if (outcome == EVENT_DECODED) mark_large_numbers();
  return outcome;
}

event_outcome event_decoder::parse(const uint8_t *json, size_t count) {
  if (simdjson_unlikely(!large_numbers.empty())) large_numbers.clear();
  if (simdjson_unlikely(count > EVENT_DECODER_MAX_DOCUMENT)) {
    message = "a document longer than 16 MiB";
    return EVENT_MALFORMED;
  }
  plain = nullptr;
  if (simdjson_likely(read_plain(json, count))) return EVENT_DECODED;
  const auto error = parse_document(json, count);
  if (simdjson_unlikely(error)) {
    message = simdjson::error_message(error);
    return error == simdjson::NUMBER_ERROR ? parse_without_large_numbers(json, count)
                                           : EVENT_MALFORMED;
  }
  return read_fields(has_nul_escape(json, count));
}

extern "C" {

event_decoder *event_decoder_create(void) noexcept {
  try {
    return new event_decoder();
  } catch (...) {
    return nullptr;
  }
}

void event_decoder_destroy(event_decoder *decoder) noexcept { delete decoder; }

event_outcome event_decoder_parse(
    event_decoder *decoder, const uint8_t *json, size_t count) noexcept {
  try {
    return decoder->parse(json, count);
  } catch (...) {
    // Only an allocation throws here.
    decoder->message = "a document that there is no memory for";
    return EVENT_MALFORMED;
  }
}

const event_fields *event_decoder_fields(const event_decoder *decoder) noexcept {
  return &decoder->fields;
}

const char *event_decoder_message(const event_decoder *decoder) noexcept {
  return decoder->message;
}

event_problem event_decoder_problem(event_decoder *decoder, event_field field) noexcept {
  event_problem problem{};
  try {
    if (!decoder->has_root()) return problem;
  } catch (...) {
    return problem;
  }
  element value = decoder->root;
  const LargeNumber *large = nullptr;
  if (field != EVENT_FIELD_COUNT) {
    simdjson::dom::object object;
    if (decoder->root.get_object().get(object)) return problem;
    size_t index = 0;
    auto next = decoder->large_numbers.begin();
    for (auto member = object.begin(); member != object.end(); ++member, ++index) {
      const bool is_large = next != decoder->large_numbers.end() && next->member == index;
      if (field_named(member.key()) == field) {
        value = member.value();
        large = is_large ? &*next : nullptr;
      }
      if (is_large) ++next;
    }
    event_fields ignored{};
    problem.out_of_range = decoder->take(field, value, ignored) == Verdict::out_of_range ||
                           (field >= EVENT_ZIP && has_nul(value));
  }
  if (large) {
    problem.kind = EVENT_VALUE_LARGE_NUMBER;
    problem.out_of_range = field < EVENT_SUCCESS || field == EVENT_ZIP;
    problem.text = {decoder->large_text.data() + large->start, large->count};
    return problem;
  }
  switch (value.type()) {
    case element_type::NULL_VALUE: problem.kind = EVENT_VALUE_NULL; break;
    case element_type::BOOL:
      problem.kind = EVENT_VALUE_BOOLEAN;
      problem.boolean = value.get_bool().value_unsafe();
      break;
    case element_type::INT64:
      problem.kind = EVENT_VALUE_INTEGER;
      problem.integer = value.get_int64().value_unsafe();
      break;
    case element_type::UINT64:
      problem.kind = EVENT_VALUE_UNSIGNED;
      problem.natural = value.get_uint64().value_unsafe();
      break;
    case element_type::DOUBLE:
      problem.kind = EVENT_VALUE_DOUBLE;
      problem.number = value.get_double().value_unsafe();
      break;
    case element_type::STRING:
      problem.kind = EVENT_VALUE_STRING;
      take_text(value, problem.text);
      break;
    case element_type::ARRAY: problem.kind = EVENT_VALUE_ARRAY; break;
    case element_type::OBJECT: problem.kind = EVENT_VALUE_OBJECT; break;
  }
  return problem;
}

const char *event_field_name(event_field field) noexcept { return descriptions[field].name; }

const char *event_field_expects(event_field field) noexcept { return descriptions[field].expects; }

}  // extern "C"
