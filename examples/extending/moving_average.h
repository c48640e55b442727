#pragma once

#include <rondo/rondo.h>

struct MovingAverageOptions {
  rondo::Initializer rate_initializer = "zeros";
  rondo::Regularizer rate_regularizer = {};
  bool return_sequences = true;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("rate_initializer", self.rate_initializer, "of r; 0 is a half-life of one step");
    option("rate_regularizer", self.rate_regularizer, "penalty on r");
    option("return_sequences", self.return_sequences, "output of every step instead of the last");
  }
};

/// An exponential moving average with a learnt rate a = σ(r) for each feature:
///
///     y(t) = y(t-1) + a · (x(t) - y(t-1)),  y(0) = 0
///
/// Input [batch, time, features]; output the same, or [batch, features].
rondo::LayerPtr moving_average(MovingAverageOptions options = {});
