#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "rondo/model/network.h"

namespace rondo {
namespace {

std::string with_commas(std::int64_t n) {
  std::string digits = std::to_string(n);
  for (auto at = static_cast<std::int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string bytes_text(std::int64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + ".00 B";
  const bool kilo = bytes < 1024 * 1024;
  return detail::print(kilo ? "%.2f KB" : "%.2f MB",
                       static_cast<double>(bytes) / (kilo ? 1024.0 : 1048576.0));
}

std::string class_name(const std::string& type) {
  if (type == "lstm" || type == "gru") return type == "lstm" ? "LSTM" : "GRU";
  if (type == "simple_rnn") return "SimpleRNN";
  std::string name;
  bool upper = true;
  for (const char c : type) {
    if (c == '_') {
      upper = true;
    } else {
      name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return name;
}

std::string cell(std::string text, std::size_t width, bool right = false) {
  if (text.size() > width) text = text.substr(0, width - 1) + "…";
  std::size_t shown = 0;  // bytes that start a character
  for (const char c : text) shown += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  const std::string pad(width - std::min(shown, width), ' ');
  return right ? pad + text : text + pad;
}

}  // namespace

/// What the parameters that are not a layer's belong to, and how many they are.
std::vector<std::pair<std::string, std::int64_t>> Network::parameters_of_others() const {
  std::vector<std::pair<std::string, std::int64_t>> out;
  std::vector<bool> of_layers(parameters_.infos().size(), false);
  for (const Node& node : nodes_) {
    const ParameterStore& own = node.layer->parameters();
    for (int i = 0; i < static_cast<int>(own.infos().size()); ++i) {
      if (const int at = parameters_.find(own, i); at >= 0) of_layers[static_cast<std::size_t>(at)] = true;
    }
  }
  for (std::size_t i = 0; i < of_layers.size(); ++i) {
    if (of_layers[i]) continue;
    const ParameterInfo& info = parameters_.infos()[i];
    const std::string owner = info.name.substr(0, info.name.rfind('.'));
    if (out.empty() || out.back().first != owner) out.emplace_back(owner, 0);
    out.back().second += info.size;
  }
  return out;
}

std::string Network::summary(const std::string& title) const {
  // A chain is shown as Keras shows Sequential: no inputs, no wiring.
  bool chain = inputs_.size() == 1;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const int previous = n == 0 ? inputs_.front().value : nodes_[n - 1].outputs.front();
    chain = chain && !nodes_[n].shares && nodes_[n].inputs == std::vector<int>{previous};
  }
  const std::vector<std::size_t> widths =
      chain ? std::vector<std::size_t>{33, 26, 15} : std::vector<std::size_t>{32, 22, 12, 18};
  const auto rule = [&](const char* left, const char* line, const char* cross, const char* right) {
    std::string out = left;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      for (std::size_t k = 0; k < widths[i] + 2; ++k) out += line;
      out += i + 1 < widths.size() ? cross : right;
    }
    return out + "\n";
  };
  const auto row = [&](const std::array<std::string, 4>& cells) {
    std::string out = "│";
    for (std::size_t i = 0; i < widths.size(); ++i) out += " " + cell(cells[i], widths[i], i == 2) + " │";
    return out + "\n";
  };
  std::string out = "Model: \"" + title + "\"\n" + rule("┌", "─", "┬", "┐");
  out += row({"Layer (type)", "Output Shape", "Param #", "Connected to"}) + rule("├", "─", "┼", "┤");
  for (const Input& input : inputs_) {
    if (chain) break;
    out += row({input.name + " (InputLayer)",
                to_string(values_[static_cast<std::size_t>(input.value)].spec.shape()), "0", "-"});
  }
  for (const Node& node : nodes_) {
    const std::int64_t count = node.shares ? 0 : node.layer->parameters().total_count();
    std::string from;
    for (const int id : node.inputs) from += (from.empty() ? "" : ", ") + value_name(id);
    const ValueShape& spec = values_[static_cast<std::size_t>(node.outputs.front())].spec;
    out += row({node.layer->name() + " (" + class_name(node.layer->type()) + ")", to_string(spec.shape()),
                declared_ ? with_commas(count) : "? (unbuilt)", from});
  }
  for (const auto& [owner, count] : parameters_of_others()) {
    out += row({owner + " (Objective)", "-", with_commas(count), "-"});
  }
  out += rule("└", "─", "┴", "┘");
  const std::int64_t total = parameters_.total_count(), trainable = parameters_.trainable_count();
  const auto width = static_cast<std::int64_t>(dtype_size(parameters_.dtype()));
  const auto line = [&](const char* label, std::int64_t n) {
    return std::string(" ") + label + ": " + with_commas(n) + " (" + bytes_text(n * width) + ")\n";
  };
  return out + line("Total params", total) + line("Trainable params", trainable) +
         line("Non-trainable params", total - trainable);
}

}  // namespace rondo
