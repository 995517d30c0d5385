#pragma once
#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift does not import: one function for
// each type of value. The parentheses keep libcurl's type-checking macros out.

static inline CURLcode curl_set_long(CURL *handle, CURLoption option, long value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return (curl_easy_setopt)(handle, option, value);
}

// Strings are copied by libcurl, other pointers are not.
static inline CURLcode curl_set_string(CURL *handle, CURLoption option, const char *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode curl_set_headers(CURL *handle, struct curl_slist *value) {
  return (curl_easy_setopt)(handle, CURLOPT_HTTPHEADER, value);
}

typedef size_t (*curl_bytes_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode curl_set_bytes_callback(
    CURL *handle, CURLoption option, curl_bytes_callback callback) {
  return (curl_easy_setopt)(handle, option, callback);
}

static inline CURLcode curl_set_progress_callback(CURL *handle, curl_xferinfo_callback callback) {
  return (curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, callback);
}

static inline CURLcode curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLcode curl_initialize(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
