#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/train/gradient_flow.h"

// An HTML page about a run, for any task: a title, a verdict and sections made of parts. One file that needs
// no network; light, dark and print; narrow and wide screens. NaN stands for a value that is not known: a
// dash in tables, a gap in curves.

namespace rondo {

/// A piece of a section. The functions below make the usual ones, page_part any other.
struct PagePart {
  std::string html;    ///< texts in it are escaped already; "": the part is left out
  std::string style;   ///< CSS and JavaScript that it needs: in the page once, however many parts share them
  std::string script;  ///< sets drawers[kind] to a function of `data`
  std::string kind;
  Json data;  ///< an object: what the script draws from; null: nothing is drawn
};

/// A part from a component: HTML with slots, then optionally its <style> and its <script>, as in the files of
/// src/tasks/report/assets. Slots:
///
///     {{name}}             the text, escaped
///     {{{name}}}           HTML that is safe already
///     {{#name}}…{{/name}}  once for each item of a list, or once where the value is true, a text that is not
///                          empty or an object; {{.}} is the item itself
///     {{^name}}…{{/name}}  where there is none
///
/// Throws Error (usage) for a slot without a value and for a value without a slot.
PagePart page_part(std::string_view component, std::string kind, const Json& values, Json data = {});

struct PageSection {
  std::string id;  ///< its anchor: letters, digits and hyphens
  std::string title;
  std::string link = {};  ///< in the contents; "": the title
  std::string lead = {};  ///< what the section shows, in a sentence or two
  std::vector<PagePart> parts;
  std::string fold = {};  ///< not "": the parts are shown when this line is clicked
};

struct PageVerdict {
  enum class Tone { good, neutral, bad };
  Tone tone = Tone::neutral;
  std::string label;     ///< in a few words; "": the page has no verdict
  std::string sentence;  ///< the reason
};

/// A number of the headline: what it is, its value and a detail.
struct PageFigure {
  std::string term, value, detail;
};

struct Page {
  std::string kind = "report";  ///< above the title: "forecast report"
  std::string title = {}, subtitle = {};
  PageVerdict verdict = {};
  std::vector<PageFigure> figures = {};  ///< up to four
  std::vector<std::string> notes = {}, warnings = {};
  std::vector<PageSection> sections = {};                      ///< those without parts are left out
  std::string command = {};                                    ///< makes the page again; "": not shown
  std::vector<std::pair<std::string, std::string>> made = {};  ///< how it was made: version, date, seed …
  Json data = Json::object();  ///< what several parts draw from: members of `report` in the scripts
};

/// The page as HTML. Every table can be saved as CSV by the reader. The same page gives the same bytes.
/// Throws Error (usage) when two sections have one id.
std::string render_page(const Page& page);

/// Renders and writes the page so that `path` holds either the old file or the whole new one. Throws Error
/// (resources) when the folder cannot be written or the disk is full.
void write_page(const std::filesystem::path& path, const Page& page);

// ---- parts ----

/// Paragraphs.
PagePart text_part(const std::vector<std::string>& paragraphs);

struct TableColumn {
  enum class Kind { number, text, bar };
  std::string title;
  Kind kind = Kind::number;
};

struct TableCell {
  enum class Mark { none, best, remarkable };
  std::string text = {};
  Mark mark = Mark::none;
  /// In a column of bars, 0 to 1: one bar (hatched where negative), or with `rest` one from each end.
  double bar = 0;
  std::optional<double> rest = {};
};

struct PageTable {
  enum class Layout { full, narrow, dense };
  std::string id;          ///< of the page
  std::string title = {};  ///< a heading above it; "": none
  std::string label = {};  ///< for screen readers where there is no title
  std::string lead = {}, note = {};
  std::string fold = {};  ///< not "": the table is shown when this line is clicked
  Layout layout = Layout::full;
  std::optional<std::size_t> marked_row = {};  ///< the one that others are compared with
  std::vector<TableColumn> columns = {};
  std::vector<std::vector<TableCell>> rows = {};  ///< the first cell names the row
  std::size_t max_rows = 200;                     ///< a note states how many were left out
};
/// Throws Error (usage) when a row has another number of cells than there are columns.
PagePart table_part(const PageTable& table);

struct PageCurve {
  std::string name;
  std::vector<double> values;
};

/// Curves over 1, 2, 3 …: losses by epoch, errors by step. The axis of values is logarithmic where they span
/// more than a factor of 20 and `from_zero` is false.
struct PageCurves {
  std::string id;
  std::string title = {}, lead = {};
  std::string x, y;        ///< titles of the axes: "epoch", "loss"
  std::string point = {};  ///< what a point is, for its label: "Epoch"
  std::vector<PageCurve> curves = {};
  std::size_t mark = 0;        ///< a place of x that is marked; 0: none
  std::string mark_text = {};  ///< "best"
  bool from_zero = false;
};
PagePart curves_part(const PageCurves& curves);

/// The losses of a training, with a sentence about their course.
PagePart training_part(const std::vector<double>& loss, const std::vector<double>& validation,
                       std::size_t best_epoch, const std::string& about_loss);

struct ConfusionMatrix {
  std::string id;
  std::vector<std::string> classes;
  std::vector<std::vector<std::int64_t>> counts;  ///< [actual][predicted]
};
/// With recall of each class and precision of each prediction. Throws Error (usage) when it is not square.
PagePart confusion_part(const ConfusionMatrix& matrix);

/// A matrix as colours: attention, a spectrogram.
struct HeatMap {
  std::string id;
  std::string title = {}, lead = {};
  std::string x, y;  ///< titles of the axes
  std::vector<std::string> columns = {}, rows = {};
  std::vector<std::vector<double>> values = {};  ///< [row][column], the first row at the top
};
/// Throws Error (usage) when the labels are not as many as the values.
PagePart heat_map_part(const HeatMap& map);

/// A single prediction beside the truth.
struct PageExample {
  std::string input, predicted, actual;
  double confidence;  ///< 0 to 1
  bool right() const { return predicted == actual; }
};
PagePart examples_part(const std::vector<PageExample>& examples);

/// A row of the settings table. `origin`: who chose the value: "given", "chosen" or "default".
struct PageSetting {
  std::string name, value, origin;
};
PagePart settings_part(const std::vector<PageSetting>& settings);

/// Findings, norms by step and gates. `note`: of which networks it is, or why it is empty.
PagePart gradient_flow_part(const GradientFlow& flow, const std::string& note);

}  // namespace rondo
