// Loads and stores of the first n lanes that touch nothing beyond them. Include inside namespace
// rondo::kernels::HWY_NAMESPACE, between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE; no include guard.

/// The first n lanes; the others are zero.
template <class D, class T = hwy::HWY_NAMESPACE::TFromD<D>>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> LoadFirst(D d, const T* p, std::int64_t n) {
#if HWY_TARGET <= HWY_AVX2
  return hwy::HWY_NAMESPACE::MaskedLoad(hwy::HWY_NAMESPACE::FirstN(d, static_cast<std::size_t>(n)), d, p);
#else  // masked loads of these targets read, and their blended stores write, whole aligned vectors
  HWY_ALIGN T lanes[hwy::HWY_NAMESPACE::MaxLanes(D())] = {};
  for (std::int64_t i = 0; i < n; ++i) lanes[i] = p[i];
  return hwy::HWY_NAMESPACE::Load(d, lanes);
#endif
}

template <class D, class T = hwy::HWY_NAMESPACE::TFromD<D>>
HWY_INLINE void StoreFirst(hwy::HWY_NAMESPACE::Vec<D> v, D d, T* p, std::int64_t n) {
#if HWY_TARGET <= HWY_AVX2
  hwy::HWY_NAMESPACE::BlendedStore(v, hwy::HWY_NAMESPACE::FirstN(d, static_cast<std::size_t>(n)), d, p);
#else
  HWY_ALIGN T lanes[hwy::HWY_NAMESPACE::MaxLanes(D())];
  hwy::HWY_NAMESPACE::Store(v, d, lanes);
  for (std::int64_t i = 0; i < n; ++i) p[i] = lanes[i];
#endif
}
