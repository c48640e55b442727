#include "rondo/model/session.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <mutex>

#include "realtime/watch.h"
#include "rondo/layers/layers.h"
#include "support/instrumented.h"

// A step asks nobody for anything: no memory, no lock, no system call. Not claimed but watched: the C
// library's malloc and locks are counted, and the kernel kills a process that calls it.

namespace rondo {
namespace {

constexpr int kSteps = 100'000, kStreams = 12;

/// Every kind of operation a session has: concatenation, cells of one and of two stages, blocks, gru_d, every
/// normalisation, activations, dense, sums and products, changes of scale.
Network everything() {
  Network network;
  const auto apply = [&](LayerPtr layer, std::vector<int> from) {
    return network.add(std::move(layer), from)[0];
  };
  const int x = network.add_input("x", {true, -1, {3}});
  const int first = apply(lstm({.units = 20, .peephole = true, .return_sequences = true}), {x});
  const int second =
      apply(gru({.units = 20, .return_sequences = true}), {apply(dropout({.rate = 0.2}), {first})});
  const int paper = apply(gru({.units = 20, .reset_after = false, .return_sequences = true}),
                          {apply(layer_normalization(), {second})});
  const int summed =
      apply(add(), {apply(batch_normalization(), {paper}), apply(multiply(), {first, second})});
  const int wide = apply(concatenate(), {summed, apply(activation({.activation = "softmax"}), {first})});
  const int events = apply(gru_d({.units = 20, .return_sequences = true}),
                           {apply(activation({.activation = "softplus"}), {x})});
  const int factors = apply(trainable_vector({.values = {0.1, 0.2}}), {x});
  const int scaled = apply(affine(), {apply(add(), {wide, apply(concatenate(), {events, events})}), factors});
  const int mixed = apply(time_distributed(dense({.units = 9, .activation = "gelu"})), {scaled});
  const int blocks =
      apply(lstm({.units = 12, .recurrent_blocks = 3, .layer_norm = true, .return_sequences = true}),
            {apply(gru({.units = 12, .recurrent_blocks = 4, .return_sequences = true}), {mixed})});
  const int last = apply(simple_rnn({.units = 5, .activation = "softplus"}), {blocks});
  network.set_outputs({apply(dense({.units = 2, .activation = "tanh"}), {last})});
  network.build(5);
  return network;
}

/// A service's day: steps of one stream, of many, states remembered, taken back, forked, kept and restored.
class Service {
 public:
  explicit Service(const Network& network)
      : session_(network, kStreams, {.rollback = 3}),
        kept_(session_.snapshot(0)),
        x_(3 * kStreams, 0.25F),
        y_(2 * kStreams) {
    for (int s = 0; s < kStreams; ++s) streams_.push_back(s);
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) {
      x_[0] = 0.01F * static_cast<float>(i % 77);
      session_.step(i % kStreams, std::span<const float>(x_).first(3), std::span<float>(y_).first(2));
      if (i % 16 == 0)
        session_.step(streams_, View<const float>{x_.data(), kStreams, 3, 3},
                      View<float>{y_.data(), kStreams, 2, 2});
      if (i % 100 == 0) session_.rollback(i % kStreams, 2);
      if (i % 111 == 0) session_.fork(i % kStreams, (i + 1) % kStreams);
      if (i % 500 == 0) session_.snapshot(1, kept_);
      if (i % 700 == 0) session_.restore(2, kept_);
      if (i % 999 == 0) session_.reset(3);
    }
  }
  const std::vector<float>& outputs() const { return y_; }

 private:
  Session session_;
  Session::State kept_;
  std::vector<int> streams_;
  std::vector<float> x_, y_;
};

TEST(RealTime, TheWatchSeesMemoryAndLocks) {
  if (kInstrumented) GTEST_SKIP() << "a sanitizer has a malloc of its own";
  const long memory = watch::allocations(), locks = watch::locks();
  delete new std::string(100, 'x');
  std::mutex mutex;
  { const std::scoped_lock hold(mutex); }
  EXPECT_GE(watch::allocations() - memory, 3);
  EXPECT_EQ(watch::locks() - locks, 1);
}

TEST(RealTime, AHundredThousandStepsAskForNoMemoryAndTakeNoLock) {
  if (kInstrumented) GTEST_SKIP() << "a sanitizer has a malloc of its own";
  const Network network = everything();
  Service service(network);  // from its very first step
  const long memory = watch::allocations(), locks = watch::locks();
  service.steps(kSteps);
  EXPECT_EQ(watch::allocations() - memory, 0);
  EXPECT_EQ(watch::locks() - locks, 0);
}

/// How a child ends that may only read, write and end once it has begun to `act`: what waitpid says.
int alone_with_the_kernel_watching(const std::function<void()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(77);
    act();
    syscall(SYS_exit, 0);  // _exit() would end the group, which is forbidden, too
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}
bool cannot_be_watched(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 77; }

TEST(RealTime, TheKernelKillsWhoCallsIt) {
  if (kInstrumented) GTEST_SKIP() << "a sanitizer calls the system";
  const int status = alone_with_the_kernel_watching([] { syscall(SYS_getppid); });
  if (cannot_be_watched(status)) GTEST_SKIP() << "this kernel has no seccomp";
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(RealTime, AHundredThousandStepsCallNoSystem) {
  if (kInstrumented) GTEST_SKIP() << "a sanitizer calls the system";
  const Network network = everything();
  Service service(network), witness(network);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::size_t bytes = service.outputs().size() * sizeof(float);
  const int status = alone_with_the_kernel_watching([&] {
    service.steps(kSteps);
    if (write(ends[1], service.outputs().data(), bytes) < 0) syscall(SYS_exit, 1);
  });
  close(ends[1]);
  if (cannot_be_watched(status)) GTEST_SKIP() << "this kernel has no seccomp";
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  // It did its work: the same numbers as here.
  std::vector<float> seen(service.outputs().size());
  ASSERT_EQ(read(ends[0], seen.data(), bytes), static_cast<ssize_t>(bytes));
  close(ends[0]);
  witness.steps(kSteps);
  EXPECT_EQ(std::memcmp(seen.data(), witness.outputs().data(), bytes), 0);
}

}  // namespace
}  // namespace rondo
