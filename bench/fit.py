"""The whole program that most people write first: windows of a price series, SimpleRNN(50) + Dense(1), ten epochs of fit,
timed from the start of the process to the trained model."""


def measure(options, threads, cpus, book):
    """Filled in by the next step of this benchmark."""
