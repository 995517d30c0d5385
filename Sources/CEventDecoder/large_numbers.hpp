#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace polyrhythm {

/// A number that RFC 8259 allows and 64 bits do not hold, as a member of the document's object.
struct LargeNumber {
  /// The member's position in the object, from 0.
  size_t member;
  /// Where the number stands in the document, in bytes.
  size_t start, count;
};

/// True if the whole of the text is a number by RFC 8259.
bool is_json_number(const uint8_t *text, size_t count);

/// Overwrites every large number in the document with 0 and spaces. A document that is malformed
/// for another reason stays malformed. May throw std::bad_alloc.
/// - Parameter members: gets those that are values of the outermost object, in order.
/// - Returns: how many were overwritten.
size_t replace_large_numbers(uint8_t *json, size_t count, std::vector<LargeNumber> &members);

}  // namespace polyrhythm
