#pragma once

#include <cstdint>
#include <span>

#include "kernels/matrix.h"

// Products whose SIMD lanes are sequences of a batch: values are stored [row][lane], weights are broadcast.
// No lane is lost to sizes that do not fill a vector. Every element is the same chain of fused multiply-adds
// as in kernels/matrix.h.

namespace rondo::kernels {

/// Sequences are handed to lanes in groups of this many, whatever the instruction set.
constexpr std::int64_t kLaneGroup = 16;
/// Lanes that lie side by side in memory at most: what a tile of the products takes at once.
constexpr std::int64_t kLaneBlock = 32;

/// The left-hand matrix [rows, k] of products over lanes, packed in tiles a few rows high. Does not own its
/// memory.
class PackedRows {
 public:
  static std::int64_t size(std::int64_t rows, std::int64_t k) { return rows * k; }
  PackedRows() = default;
  PackedRows(std::int64_t rows, std::int64_t k, float* memory) : rows_(rows), k_(k), data_(memory) {}
  /// Element (row + j, k + i) = from(i, j): weights in their file's layout, whose columns are the sums.
  void put_transposed(View<const float> from, std::int64_t row, std::int64_t k);
  /// Element (row + i, k + j) = from(i, j).
  void put(View<const float> from, std::int64_t row, std::int64_t k);
  std::int64_t rows() const { return rows_; }
  std::int64_t k() const { return k_; }
  const float* data() const { return data_; }

 private:
  std::int64_t rows_ = 0, k_ = 0;
  float* data_ = nullptr;
};

/// c [a.rows(), lanes] = start + a · b for b [up to a.k(), lanes], over the rows that b has; `bias` has one
/// value a row. Lanes are a multiple of kLaneGroup.
void multiply_lanes(const PackedRows& a, View<const float> b, Start start, const float* bias, View<float> c);

/// out [column][lane] = column of row rows[lane] of `from`; 0 where rows[lane] < 0. `lanes` is a multiple
/// of 4.
void gather_lanes(View<const float> from, const std::int32_t* rows, std::int64_t lanes, float* out,
                  std::int64_t ld);
/// The reverse: rows[lane] of `to` = values [column][lane]; lanes with rows[lane] < 0 are skipped.
void scatter_lanes(const float* values, std::int64_t ld, const std::int32_t* rows, std::int64_t lanes,
                   View<float> to);

/// Rows of gradients [row][column] stored in panels of a few vectors, each panel dense: what a product with
/// many rows reads again and again.
class GradientPanels {
 public:
  static std::int64_t size(std::int64_t rows, std::int64_t columns);
  GradientPanels() = default;
  GradientPanels(std::int64_t capacity, std::int64_t columns, float* memory)
      : capacity_(capacity), columns_(columns), data_(memory) {}
  /// Writes rows at `row`, row + 1, …: row `row + i` = values [column][lanes - 1 - i], the last lane first.
  void put_lanes(const float* values, std::int64_t ld, std::int64_t lanes, std::int64_t row);
  std::int64_t capacity() const { return capacity_; }
  std::int64_t columns() const { return columns_; }
  std::int64_t panels() const;
  std::int64_t panel_of(std::int64_t column) const;  ///< the panel that holds a column
  float* data() const { return data_; }

 private:
  std::int64_t capacity_ = 0, columns_ = 0;
  float* data_ = nullptr;
};

/// One step of one block of lanes: where the left operand of a weight gradient lies. Row r, lane l = data[r ·
/// width + l].
struct LaneSegment {
  const float* data = nullptr;
  std::int64_t width = 0;
};

/// Panels first … last - 1.
struct PanelRange {
  std::int64_t first = 0, last = 0;
};

/// c [rows, columns] += operand · g, where the operand's rows are rows first_row … first_row + c.rows - 1 of
/// every segment. The sum runs over the segments in order and in each from its last lane to its first; the
/// rows of g follow in the same order, from the first. Only the columns of `panels` are touched. Rows of c
/// hold all panels of g.
void add_lane_gradient(std::span<const LaneSegment> segments, std::int64_t first_row, const GradientPanels& g,
                       PanelRange panels, View<float> c);
/// c [columns] += the first `rows` rows of g, in order.
void add_panel_sums(const GradientPanels& g, std::int64_t rows, PanelRange panels, float* c);

}  // namespace rondo::kernels
