#include "tasks/report/html.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tasks/report/format.h"

namespace rondo::html {
namespace {

std::string width(double share) {
  char text[48];
  std::snprintf(text, sizeof text, " style=\"width:%.1f%%\"",
                std::isfinite(share) ? 100 * std::clamp(share, 0.0, 1.0) : 0.0);
  return text;
}

}  // namespace

std::string cell(const std::string& text, bool best) {
  return best ? "<td class=\"best\"><strong>" + text + "</strong></td>" : "<td>" + text + "</td>";
}

std::string row_title(const std::string& text) { return "<th scope=\"row\">" + escape_html(text) + "</th>"; }

std::string bar(double value, double largest) {
  const double share = largest > 0 ? std::abs(value) / largest : 0;
  return std::string("<td class=\"bar-column\" aria-hidden=\"true\"><span class=\"bar") +
         (value < 0 ? " hatched" : "") + "\"" + width(share) + "></span></td>";
}

std::string split_bar(double low, double high) {
  return "<td class=\"bar-column\" aria-hidden=\"true\"><span class=\"split\"><span class=\"bar\"" +
         width(low) + "></span><span class=\"between\"" + width(1 - low - high) +
         "></span><span class=\"bar hatched\"" + width(high) + "></span></span></td>";
}

}  // namespace rondo::html
