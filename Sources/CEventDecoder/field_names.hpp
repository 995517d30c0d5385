#pragma once

// The known fields: their names, and the look-up of a field by its name.

#include <simdjson.h>

#include <cstring>
#include <string_view>

#include "event_decoder.h"

namespace polyrhythm {

struct FieldDescription {
  const char *name, *expects;
};

constexpr const char *integer = "an integer";
constexpr const char *integer_or_string = "an integer or a string of one";
constexpr const char *number = "a number or a string of one";
constexpr const char *text = "a string";
constexpr const char *text_or_whole_number = "a string or a whole number";

/// In the order of enum event_field.
constexpr FieldDescription descriptions[] = {
    {"ts", integer},
    {"sessionId", integer},
    {"itemInSession", integer},
    {"userId", integer_or_string},
    {"registration", integer_or_string},
    {"status", integer_or_string},
    {"lon", number},
    {"lat", number},
    {"duration", number},
    {"length", number},
    {"success", "true or false"},
    {"zip", text_or_whole_number},
    {"level", text},
    {"userAgent", text},
    {"city", text},
    {"state", text},
    {"country", text},
    {"firstName", text},
    {"lastName", text},
    {"gender", text},
    {"auth", text},
    {"artist", text},
    {"song", text},
    {"page", text},
    {"method", text},
    {"tag", text},
    {"trackId", text_or_whole_number},
    {"location", text},
};
static_assert(sizeof descriptions / sizeof descriptions[0] == EVENT_FIELD_COUNT);

/// Compares a key with a literal of the same length; the compiler turns the comparison into a few loads.
template <size_t N>
inline bool same(const char *key, const char (&name)[N]) {
  return std::memcmp(key, name, N - 1) == 0;
}

/// The field of that name, or EVENT_FIELD_COUNT.
simdjson_inline event_field field_named(std::string_view key) {
  const char *k = key.data();
  switch (key.size()) {
    case 2:
      if (same(k, "ts")) return EVENT_TS;
      break;
    case 3:
      if (same(k, "zip")) return EVENT_ZIP;
      if (same(k, "lon")) return EVENT_LON;
      if (same(k, "lat")) return EVENT_LAT;
      if (same(k, "tag")) return EVENT_TAG;
      break;
    case 4:
      if (same(k, "auth")) return EVENT_AUTH;
      if (same(k, "city")) return EVENT_CITY;
      if (same(k, "song")) return EVENT_SONG;
      if (same(k, "page")) return EVENT_PAGE;
      break;
    case 5:
      if (same(k, "level")) return EVENT_LEVEL;
      if (same(k, "state")) return EVENT_STATE;
      break;
    case 6:
      if (same(k, "userId")) return EVENT_USER_ID;
      if (same(k, "gender")) return EVENT_GENDER;
      if (same(k, "artist")) return EVENT_ARTIST;
      if (same(k, "method")) return EVENT_METHOD;
      if (same(k, "status")) return EVENT_STATUS;
      if (same(k, "length")) return EVENT_LENGTH;
      break;
    case 7:
      if (same(k, "success")) return EVENT_SUCCESS;
      if (same(k, "country")) return EVENT_COUNTRY;
      if (same(k, "trackId")) return EVENT_TRACK_ID;
      break;
    case 8:
      if (same(k, "lastName")) return EVENT_LAST_NAME;
      if (same(k, "duration")) return EVENT_DURATION;
      if (same(k, "location")) return EVENT_LOCATION;
      if (same(k, "track_id")) return EVENT_TRACK_ID;
      break;
    case 9:
      if (same(k, "sessionId")) return EVENT_SESSION_ID;
      if (same(k, "userAgent")) return EVENT_USER_AGENT;
      if (same(k, "firstName")) return EVENT_FIRST_NAME;
      break;
    case 12:
      if (same(k, "registration")) return EVENT_REGISTRATION;
      break;
    case 13:
      if (same(k, "itemInSession")) return EVENT_ITEM_IN_SESSION;
      break;
    default:
      break;
  }
  return EVENT_FIELD_COUNT;
}

}  // namespace polyrhythm
