#include "data/table/encoding.h"

#include <gtest/gtest.h>

#include <string>

#include "rondo/data/csv.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

TEST(Encoding, Utf8HasOneFormOfEveryCharacter) {
  EXPECT_TRUE(detail::is_utf8("plain, \xC3\xA4\xE2\x82\xAC\xF0\x9F\x99\x82", true));
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xC3("}) {
    EXPECT_FALSE(detail::is_utf8(bad, true)) << bad;
  }
  EXPECT_TRUE(detail::is_utf8("a\xE2\x82", false)) << "the rest may follow";
  EXPECT_FALSE(detail::is_utf8("a\xE2\x82", true));
}

TEST(Encoding, Windows1252IsLatin1WithCharactersForControlCodes) {
  EXPECT_EQ(detail::utf8_of_latin1("Verk\xE4ufe \x80 \x96"), "Verkäufe € –");
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_TRUE(detail::is_utf8(detail::utf8_of_latin1(std::string(1, static_cast<char>(byte))), true));
  }
}

TEST(Encoding, ATableThatIsNotUtf8IsLatin1) {
  const Table table = parse_csv("day,Verk\xE4ufe\n2018-01-01,1\n");
  EXPECT_EQ(table.names()[1], "Verkäufe");
  EXPECT_EQ(parse_csv("day,Verk\xC3\xA4ufe\n2018-01-01,1\n").names()[1], "Verkäufe");
  EXPECT_EQ(parse_csv("a,\xC3\xA4\n1,2\n", {.encoding = "latin1"}).names()[1], "Ã¤");
  expect_error(ErrorKind::usage, {"encoding", "latin1"},
               [] { parse_csv("a,b\n1,2\n", {.encoding = "ebcdic"}); });
}

}  // namespace
}  // namespace rondo
