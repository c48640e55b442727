// Passes over the elements of a row, whole vectors and then the rest, and sums in an order that no
// instruction set changes. Include inside namespace rondo::kernels::HWY_NAMESPACE, after simd_math-inl.h and
// partial-inl.h; no include guard.

using Lane = Lanes;
constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(FloatTag()));

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE float sum_of_halves(Lane v) { return hn::GetLane(v.v); }
#else
template <class D>
HWY_INLINE float HalvesOf([[maybe_unused]] D d, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(D()) == 1) {
    return hn::GetLane(v);
  } else {
    const hn::Half<D> half;
    return HalvesOf(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}
HWY_INLINE float sum_of_halves(Lane v) { return HalvesOf(FloatTag(), v.v); }
#endif

/// A register full of elements.
struct Whole {
  HWY_INLINE Lane get(const float* p) const { return hn::LoadU(FloatTag(), p); }
  HWY_INLINE void put(Lane v, float* p) const { hn::StoreU(v.v, FloatTag(), p); }
  HWY_INLINE Lane pick(const std::uint8_t* bits, std::int64_t i, Lane yes, Lane no) const {
    // Fewer than eight lanes lie somewhere within a byte. Highway may read eight bytes.
    std::uint8_t own[8] = {static_cast<std::uint8_t>(bits[i / 8] >> (i % 8))};
    if constexpr (kLanes > 8) own[1] = bits[i / 8 + 1];
    return hn::IfThenElse(hn::LoadMaskBits(FloatTag(), own), yes.v, no.v);
  }
  HWY_INLINE Lane kept(Lane v, Lane = Lane(0.0)) const { return v; }
};
/// The last `count` elements of a row.
struct Some {
  std::int64_t count;
  HWY_INLINE Lane get(const float* p) const { return LoadFirst(FloatTag(), p, count); }
  HWY_INLINE void put(Lane v, float* p) const { StoreFirst(v.v, FloatTag(), p, count); }
  HWY_INLINE Lane pick(const std::uint8_t* bits, std::int64_t i, Lane yes, Lane no) const {
    return Whole().pick(bits, i, yes, no);
  }
  HWY_INLINE Lane kept(Lane v, Lane otherwise = Lane(0.0)) const {
    return hn::IfThenElse(hn::FirstN(FloatTag(), static_cast<std::size_t>(count)), v.v, otherwise.v);
  }
};

/// Calls pass(index, run) for every run of lanes among n elements.
template <class Pass>
HWY_INLINE void for_lanes(std::int64_t n, Pass pass) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) pass(i, Whole());
  if (i < n) pass(i, Some{n - i});
}

/// The 16 partial sums of a row.
struct PartialSums {
  static constexpr std::int64_t kPartials = 16, kParts = kPartials / kLanes;
  Lane part[kParts];

  HWY_INLINE PartialSums() {
    for (Lane& p : part) p = Lane(0.0);
  }
  HWY_INLINE float total() const {
    Lane sums[kParts];
    for (std::int64_t p = 0; p < kParts; ++p) sums[p] = part[p];
    for (std::int64_t half = kParts / 2; half > 0; half /= 2) {
      for (std::int64_t p = 0; p < half; ++p) sums[p] = sums[p] + sums[p + half];
    }
    return sum_of_halves(sums[0]);
  }
};

/// Calls pass(index, run, partial) for every run of lanes; `partial` says which partial sums the run belongs
/// to.
template <class Pass>
HWY_INLINE void for_partials(std::int64_t n, Pass pass) {
  constexpr std::int64_t kParts = PartialSums::kParts;
  std::int64_t i = 0;
  for (; i + PartialSums::kPartials <= n; i += PartialSums::kPartials) {
    for (std::int64_t p = 0; p < kParts; ++p) pass(i + p * kLanes, Whole(), p);
  }
  for (std::int64_t p = 0; i < n; ++p, i += kLanes) {
    if (i + kLanes <= n) {
      pass(i, Whole(), p);
    } else {
      pass(i, Some{n - i}, p);
    }
  }
}
