// Transposition in blocks of four, for small matrices that are in the cache. Include inside namespace
// rondo::kernels::HWY_NAMESPACE, between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE; no include guard.

#if HWY_TARGET != HWY_SCALAR
/// out(j) takes element j of a, b, c and e, in every block of four of theirs.
template <class D, class V, class Out>
HWY_INLINE void TransposeBlocks(D d, V a, V b, V c, V e, Out out) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Repartition<double, D> pairs;
  const auto ab_low = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));  // a0 b0 a1 b1
  const auto ce_low = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto ab_high = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ce_high = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab_low, ce_low)), d, out(0));
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_low, ce_low)), d, out(1));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab_high, ce_high)), d, out(2));
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_high, ce_high)), d, out(3));
}
#endif

/// Four rows of four become four columns: out(j) holds element j of every row.
template <class Out>
HWY_INLINE void Transpose4(const float* HWY_RESTRICT r0, const float* HWY_RESTRICT r1,
                           const float* HWY_RESTRICT r2, const float* HWY_RESTRICT r3, Out out) {
#if HWY_TARGET == HWY_SCALAR
  const float* rows[] = {r0, r1, r2, r3};
  for (std::int64_t j = 0; j < 4; ++j) {
    for (std::int64_t i = 0; i < 4; ++i) out(j)[i] = rows[i][j];
  }
#else
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::FixedTag<float, 4> d;
  TransposeBlocks(d, hn::LoadU(d, r0), hn::LoadU(d, r1), hn::LoadU(d, r2), hn::LoadU(d, r3), out);
#endif
}

/// Eight rows of four become four columns of eight. in(i) is row i, out(j) takes element j of every row.
template <class In, class Out>
HWY_INLINE void Transpose8(In in, Out out) {
#if HWY_TARGET <= HWY_AVX2
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::FixedTag<float, 8> d;
  const hn::FixedTag<float, 4> half;
  // Rows i and i + 4 share a register, so that every step below works on two blocks of four.
  const auto two = [&](int i) HWY_ATTR {
    return hn::Combine(d, hn::LoadU(half, in(i + 4)), hn::LoadU(half, in(i)));
  };
  TransposeBlocks(d, two(0), two(1), two(2), two(3), out);
#else
  Transpose4(in(0), in(1), in(2), in(3), out);
  Transpose4(in(4), in(5), in(6), in(7), [&](std::int64_t j) HWY_ATTR { return out(j) + 4; });
#endif
}
