#include "tasks/report/template.h"

namespace rondo {

std::string fill_template(std::string_view text,
                          const std::function<std::string(std::string_view)>& value_of) {
  constexpr std::string_view kOpen = "{{", kClose = "}}";
  std::string filled;
  for (;;) {
    const std::size_t open = text.find(kOpen);
    const std::size_t close = open == text.npos ? text.npos : text.find(kClose, open);
    if (close == text.npos) return filled += text;
    filled += text.substr(0, open);
    filled += value_of(text.substr(open + kOpen.size(), close - open - kOpen.size()));
    text.remove_prefix(close + kClose.size());
  }
}

}  // namespace rondo
