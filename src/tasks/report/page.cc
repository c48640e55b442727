#include "rondo/tasks/page.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "tasks/report/assets.h"
#include "tasks/report/format.h"

namespace rondo {
namespace {

const char* css_class(PageVerdict::Tone tone) {
  switch (tone) {
    case PageVerdict::Tone::good: return "good";
    case PageVerdict::Tone::bad: return "bad";
    case PageVerdict::Tone::neutral: break;
  }
  return "neutral";
}

Json verdict_of(const PageVerdict& verdict) {
  if (verdict.label.empty()) return false;
  return Json::object(
      {{"tone", css_class(verdict.tone)}, {"label", verdict.label}, {"sentence", verdict.sentence}});
}

/// {"items": …}, or false where there are none.
Json items_of(const auto& items, auto json_of) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(json_of(item));
  return items.empty() ? Json(false) : Json::object({{"items", std::move(list)}});
}

/// The words of a command, each kept in one piece where a line ends ("--" would break after its hyphens).
std::string command_words(std::string_view command) {
  std::string html;
  while (!command.empty()) {
    const std::size_t space = std::min(command.find(' '), command.size());
    if (space > 0) html += "<span>" + escape_html(command.substr(0, space)) + "</span>";
    if (space < command.size()) html += ' ';
    command.remove_prefix(std::min(space + 1, command.size()));
  }
  return html;
}

/// What the parts bring along, each once.
class Collected {
 public:
  void add(const std::string& text) {
    if (!text.empty() && seen_.insert(text).second) all_ += text + '\n';
  }
  const std::string& all() const { return all_; }

 private:
  std::set<std::string, std::less<>> seen_;
  std::string all_;
};

struct Body {
  std::string html;
  Json links = Json::array(), drawn = Json::array();
  Collected styles, scripts;
};

void add_section(Body& body, const PageSection& section) {
  std::string parts;
  for (const PagePart& part : section.parts) {
    if (part.html.empty()) continue;
    parts += part.html;
    body.styles.add(part.style);
    body.scripts.add(part.script);
    if (part.data.is_null()) continue;
    Json data = part.data;
    body.drawn.push_back(std::move(data.set("kind", part.kind)));
  }
  if (parts.empty()) return;
  const Json values{Json::object({{"id", section.id},
                                  {"title", section.title},
                                  {"lead", section.lead},
                                  {"fold", section.fold},
                                  {"parts", std::move(parts)}})};
  body.html += fill_template(page_asset("report/section.html"), values);
  body.links.push_back(
      Json::object({{"id", section.id}, {"title", section.link.empty() ? section.title : section.link}}));
}

void check_ids(const Page& page) {
  std::set<std::string_view> ids;
  for (const PageSection& section : page.sections)
    if (!ids.insert(section.id).second)
      throw Error(ErrorKind::usage, "two sections of a page have the same id")
          .where("Page::sections")
          .seen("'" + section.id + "' twice")
          .expected("ids of their own: links lead to them");
}

}  // namespace

PagePart page_part(std::string_view component, std::string kind, const Json& values, Json data) {
  PagePart part;
  part.kind = std::move(kind);
  part.data = std::move(data);
  std::string_view html = component;
  const auto cut = [&](std::string_view open, std::string_view close) {
    const std::size_t begin = component.find(open), end = component.find(close);
    if (begin == component.npos || end == component.npos) return std::string();
    html = html.substr(0, begin);
    return std::string(component.substr(begin + open.size(), end - begin - open.size()));
  };
  part.script = cut("<script>\n", "</script>");
  part.style = cut("<style>\n", "</style>");
  part.html = fill_template(html, values);
  return part;
}

PagePart asset_part(std::string_view name, const Json& values, Json data) {
  const std::string_view file = name.substr(name.find_last_of('/') + 1);
  return page_part(page_asset(name), std::string(file.substr(0, file.find('.'))), values, std::move(data));
}

std::string render_page(const Page& page) {
  check_ids(page);
  Body body;
  body.styles.add(std::string(page_asset("report/page.css")));
  for (const char* name : {"report/tools.js", "report/charts.js"})
    body.scripts.add(std::string(page_asset(name)));
  for (const PageSection& section : page.sections) add_section(body, section);
  body.scripts.add(std::string(page_asset("report/page.js")));
  Json data = page.data;
  data.set("parts", body.drawn);
  const auto object_of = [](const auto& figure) {
    return Json::object({{"term", figure.term}, {"value", figure.value}, {"detail", figure.detail}});
  };
  const auto text_of = [](const std::string& text) { return Json(text); };
  const auto row_of = [](const auto& row) {
    return Json::object({{"name", row.first}, {"value", row.second}});
  };
  return fill_template(
      page_asset("report/page.html"),
      Json::object({{"kind", page.kind},
                    {"title", page.title},
                    {"subtitle", page.subtitle},
                    {"verdict", verdict_of(page.verdict)},
                    {"figures", items_of(page.figures, object_of)},
                    {"notes", items_of(page.notes, text_of)},
                    {"has_notes", !page.notes.empty()},
                    {"warnings", items_of(page.warnings, text_of)},
                    {"contents", body.links},
                    {"sections", body.html},
                    {"command", command_words(page.command)},
                    {"made", items_of(page.made, row_of)},
                    {"data", escape_json_for_script(to_json(data))},
                    {"css", body.styles.all()},
                    {"script", body.scripts.all()},
                    {"chart_js", std::string(page_asset("chart.min.js"))},
                    {"chart_js_licence", std::string(page_asset("report/chart-js-licence.txt"))}}));
}

void write_page(const std::filesystem::path& path, const Page& page) {
  write_file_atomically(path.string(), render_page(page));
}

}  // namespace rondo
