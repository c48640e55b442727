#pragma once

#include <string>
#include <string_view>

namespace rondo::detail {

/// Whether bytes are UTF-8 (RFC 3629). `whole` is false where a character may go on behind the last byte.
bool is_utf8(std::string_view bytes, bool whole);

/// Text in Windows-1252, which is Latin-1 with characters in place of its control codes, as UTF-8. The five
/// bytes that it leaves undefined become U+FFFD.
std::string utf8_of_latin1(std::string_view bytes);

}  // namespace rondo::detail
