#include "tasks/report/format.h"

#include <gtest/gtest.h>

#include <limits>

namespace rondo {
namespace {

TEST(ReportNumbers, ReadWell) {
  EXPECT_EQ(format_number(15.2), "15.20");
  EXPECT_EQ(format_number(0.048213), "0.04821");
  EXPECT_EQ(format_number(-3), "−3.000");
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(1234.56), "1235");
  EXPECT_EQ(format_number(1234567.8), "1,234,568");
  EXPECT_EQ(format_number(2.5e12), "2.500e+12");
  EXPECT_EQ(format_number(1.5e-7), "1.500e-07");
  EXPECT_EQ(format_number(std::numeric_limits<double>::quiet_NaN()), "–");
  EXPECT_EQ(format_number(std::numeric_limits<double>::infinity()), "infinite");
  EXPECT_EQ(format_percent(0.1234, true), "+12.3 %");
  EXPECT_EQ(format_percent(-0.05, true), "−5.0 %");
  EXPECT_EQ(format_percent(std::numeric_limits<double>::quiet_NaN()), "–");
  EXPECT_EQ(format_seconds(0.841), "0.84 s");
  EXPECT_EQ(format_seconds(185), "3 min 05 s");
  EXPECT_EQ(format_seconds(7260), "2 h 01 min");
  EXPECT_EQ(format_count(100000), "100,000");
}

TEST(ReportText, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(escape_html("长短期 <b> & \"q\" 'a'"), "长短期 &lt;b&gt; &amp; &quot;q&quot; &#39;a&#39;");
  EXPECT_EQ(escape_html("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "an overlong slash";
  EXPECT_EQ(escape_html("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate";
  EXPECT_EQ(escape_html("a\xE9"), "a\xEF\xBF\xBD");
  EXPECT_EQ(escape_json_for_script("\"</script>&\xFF\""), "\"\\u003c/script\\u003e\\u0026\xEF\xBF\xBD\"");
}

TEST(ReportNames, OfCellsAreThoseOfTheLiterature) {
  EXPECT_EQ(cell_name("lstm"), "LSTM");
  EXPECT_EQ(cell_name("simple_rnn"), "SimpleRNN");
  EXPECT_EQ(cell_name("my_cell"), "my_cell");
}

}  // namespace
}  // namespace rondo
