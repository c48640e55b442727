#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "rondo/tape/layer.h"

namespace rondo {

/// What remains of a layout when some steps are left out.
struct Compaction {
  std::shared_ptr<const Layout> layout;
  std::span<const std::int64_t>
      rows;  ///< for each row of the new layout, its row in the old one; in the call's memory
};

/// Keeps the packed rows with keep[row] != 0. Positions in the padded array stay what they were.
Compaction compact(Call& call, const Layout& from, const std::uint8_t* keep);

}  // namespace rondo
