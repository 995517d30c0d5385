#pragma once

// The C face of the JSON decoder: one event, as one JSON object (RFC 8259), into one struct.
//
// The whole document is validated before any field is looked at: its structure, its numbers, its
// escapes, its UTF-8, and that nothing follows it. Fields are told apart by name only; which of
// them an event must have, and which values are plausible, is for the caller to say.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define EVENT_DECODER_NOEXCEPT noexcept
extern "C" {
#else
#define EVENT_DECODER_NOEXCEPT
#endif

/// Bytes that must be readable (with any content) after every document.
#define EVENT_DECODER_PADDING 64
/// Bytes. A longer document is refused, so that one record cannot take all memory.
#define EVENT_DECODER_MAX_DOCUMENT (16 << 20)

/// The known fields. Their order groups them by type, and decides which one of several wrong
/// fields gets reported.
enum event_field {
  EVENT_TS,
  EVENT_SESSION_ID,
  EVENT_ITEM_IN_SESSION,
  EVENT_USER_ID,
  EVENT_REGISTRATION,
  EVENT_STATUS,
  EVENT_LON,
  EVENT_LAT,
  EVENT_DURATION,
  EVENT_LENGTH,
  EVENT_SUCCESS,
  EVENT_ZIP,
  EVENT_LEVEL,
  EVENT_USER_AGENT,
  EVENT_CITY,
  EVENT_STATE,
  EVENT_COUNTRY,
  EVENT_FIRST_NAME,
  EVENT_LAST_NAME,
  EVENT_GENDER,
  EVENT_AUTH,
  EVENT_ARTIST,
  EVENT_SONG,
  EVENT_PAGE,
  EVENT_METHOD,
  EVENT_TAG,
  EVENT_TRACK_ID,
  EVENT_LOCATION,
  EVENT_FIELD_COUNT
};

/// UTF-8 text without NUL, not terminated.
struct event_text {
  const uint8_t *start;
  size_t count;
};

/// What a document says. Where a key comes more than once, its last value holds. A number counts only
/// where its bit in `present` is set; a text that is absent has count 0.
struct event_fields {
  /// Bit 1 << field: the field is there with a usable value, neither null nor "".
  uint32_t present;
  /// Bit 1 << field: the field is there with a value that it cannot take.
  uint32_t wrong;
  int64_t ts, session_id, item_in_session, user_id, registration, status;
  double lon, lat, duration, length;
  bool success;
  struct event_text zip, level, user_agent, city, state, country, first_name, last_name, gender,
      auth, artist, song, page, method, tag, track_id, location;
};

enum event_outcome {
  /// `event_decoder_fields` has what the document says (fields may still be wrong).
  EVENT_DECODED,
  /// Not a JSON document; `event_decoder_message` says why.
  EVENT_MALFORMED,
  /// A JSON document, but no object; `event_decoder_problem` says what it is.
  EVENT_NOT_AN_OBJECT,
};

enum event_value_kind {
  EVENT_VALUE_NULL,
  EVENT_VALUE_BOOLEAN,
  EVENT_VALUE_INTEGER,
  EVENT_VALUE_UNSIGNED,
  EVENT_VALUE_DOUBLE,
  /// A number beyond the range of 64 bits, as text.
  EVENT_VALUE_LARGE_NUMBER,
  EVENT_VALUE_STRING,
  EVENT_VALUE_ARRAY,
  EVENT_VALUE_OBJECT,
};

/// A value that its field cannot take. Only the member that belongs to `kind` is set.
struct event_problem {
  enum event_value_kind kind;
  /// The type is right and the value is too large, too small, or has a NUL character in it.
  bool out_of_range;
  bool boolean;
  int64_t integer;
  uint64_t natural;
  double number;
  struct event_text text;
};

struct event_decoder;

/// A decoder, to be used by one thread at a time; NULL where there is no memory.
struct event_decoder *event_decoder_create(void) EVENT_DECODER_NOEXCEPT;
void event_decoder_destroy(struct event_decoder *decoder) EVENT_DECODER_NOEXCEPT;

/// Decodes one document. `EVENT_DECODER_PADDING` bytes after it must be readable. What the calls
/// below return is valid until the next call of this one, and may point into `json`.
enum event_outcome event_decoder_parse(
    struct event_decoder *decoder, const uint8_t *json, size_t count) EVENT_DECODER_NOEXCEPT;

/// The fields of the document that was last decoded; the same pointer for the decoder's whole life.
const struct event_fields *event_decoder_fields(const struct event_decoder *decoder)
    EVENT_DECODER_NOEXCEPT;

/// Why the last document was malformed: one line, static.
const char *event_decoder_message(const struct event_decoder *decoder) EVENT_DECODER_NOEXCEPT;

/// The value of a wrong field, or (field `EVENT_FIELD_COUNT`) the document that is no object. The document must still
/// be there.
struct event_problem event_decoder_problem(
    struct event_decoder *decoder, enum event_field field) EVENT_DECODER_NOEXCEPT;

/// The field's name in the JSON, and what it takes, as in "an integer". Static.
const char *event_field_name(enum event_field field) EVENT_DECODER_NOEXCEPT;
const char *event_field_expects(enum event_field field) EVENT_DECODER_NOEXCEPT;

#ifdef __cplusplus
}
#endif
