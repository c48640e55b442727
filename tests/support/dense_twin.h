#pragma once

#include "rondo/model/network.h"

namespace rondo {

/// The matrix [units, gates·units] whose blocks are `blocks` [units / blocks, gates·units], zero elsewhere.
inline Tensor dense_of_blocks(const Tensor& blocks, std::int64_t units) {
  const std::int64_t width = blocks.dim(0), columns = blocks.dim(1);
  Tensor dense({units, columns}, blocks.dtype());
  for (std::int64_t k = 0; k < width; ++k) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t first = c % units / width * width;
      dense.set((first + k) * columns + c, blocks.at(k * columns + c));
    }
  }
  return dense;
}

/// Gives a network with dense recurrences the weights of one like it with block-diagonal ones.
inline void copy_blocks(const Network& blocks, Network& dense) {
  ParameterStore& to = dense.parameters();
  for (const ParameterInfo& info : to.infos()) {
    const Tensor values = blocks.parameters().get(blocks.parameters().find(info.name));
    to.set(to.find(info.name),
           values.shape() == info.shape ? values : dense_of_blocks(values, info.shape[0]));
  }
}

}  // namespace rondo
