#include "kernels/cells.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "rondo/base/error.h"
#include "rondo/base/json.h"

namespace rondo::kernels {

// Two functions a file of src/cells; the build writes the list.
#define RONDO_CELL(name)                             \
  std::span<const CellKernels> cell_family_##name(); \
  std::span<const CellFormulas<double>> cell_reference_##name();
#include "cell_list.inc"
#undef RONDO_CELL

namespace {

/// The cells by their names, which stay where they are while others are added.
class CellList {
 public:
  CellList() {
#define RONDO_CELL(name) add(cell_family_##name(), cell_reference_##name());
#include "cell_list.inc"
#undef RONDO_CELL
  }
  /// The kernels of every instruction set with those in double.
  void add(std::span<const CellKernels> family, std::span<const CellFormulas<double>> reference) {
    const std::scoped_lock lock(mutex_);
    for (const CellKernels& cell : family) check_name(cell);
    for (std::size_t i = 0; i < family.size(); ++i) {
      if (find(family[i].info.name) != nullptr) continue;
      cells_.push_back(family[i]);
      cells_.back().scalar = reference[i];
    }
  }
  std::vector<const CellKernels*> all() const {
    const std::scoped_lock lock(mutex_);
    std::vector<const CellKernels*> out;
    for (const CellKernels& cell : cells_) out.push_back(&cell);
    return out;
  }

 private:
  const CellKernels* find(std::string_view name) const {
    const auto found = std::ranges::find_if(cells_, [&](const auto& cell) { return name == cell.info.name; });
    return found == cells_.end() ? nullptr : &*found;
  }
  void check_name(const CellKernels& cell) const {
    const CellKernels* taken = find(cell.info.name);
    if (taken == nullptr || taken->simd == cell.simd) return;
    throw Error(ErrorKind::usage, "there is a cell of that name already")
        .seen("'" + std::string(cell.info.name) + "'")
        .fix("give the cell another name in its CellInfo");
  }

  mutable std::mutex mutex_;
  std::deque<CellKernels> cells_;
};

CellList& cell_list() {
  static CellList list;
  return list;
}

}  // namespace

std::vector<const CellKernels*> all_cells() { return cell_list().all(); }

void add_cells(std::span<const CellKernels> family, std::span<const CellFormulas<double>> reference) {
  cell_list().add(family, reference);
}

const CellKernels* find_cell(std::string_view name) {
  for (const CellKernels* cell : all_cells()) {
    if (name == cell->info.name) return cell;
  }
  return nullptr;
}

const CellKernels* find_cell(std::string_view type, const Json& options) {
  const auto chosen = [&](const cells::Choice& choice) {
    if (choice.option == nullptr) return true;
    const Json* value = options.find(choice.option);
    return value != nullptr && value->as_bool() == choice.value;
  };
  for (const CellKernels* cell : all_cells()) {
    const char* family = cell->info.variant_of != nullptr ? cell->info.variant_of : cell->info.name;
    if (type == family && std::ranges::all_of(cell->info.chosen_by, chosen)) return cell;
  }
  return nullptr;
}

std::vector<std::string> cell_types() {
  std::vector<std::string> types;
  for (const CellKernels* cell : all_cells()) {
    if (cell->info.variant_of == nullptr) types.emplace_back(cell->info.name);
  }
  return types;
}

bool has_option(const cells::CellInfo& cell, std::string_view option) {
  if (option == "recurrent_activation") return cell.gated;
  // What these change is the product of h and a matrix.
  if (option == "recurrent_blocks" || option == "layer_norm" || option == "layer_norm_epsilon" ||
      option == "recurrent_dropout")
    return cell.has_recurrent_kernel();
  const auto names = [&](const cells::CellInfo& info) {
    return std::ranges::any_of(info.options,
                               [&](const char* own) { return own != nullptr && option == own; });
  };
  const std::vector<const CellKernels*> all = all_cells();
  return names(cell) || std::ranges::none_of(all, [&](const auto* other) { return names(other->info); });
}

}  // namespace rondo::kernels
