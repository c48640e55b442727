# Every target installs what it needs (Debian), builds, and runs.
JOBS   ?= $(shell nproc)
PRESET ?= release

.PHONY: help deps lint-deps bench-deps configure build demo test bench bench-quick bench-kernels bench-build quality quality-business quality-darts lint lint-changed format clean parity fuzz faults

help:
	@echo 'make build    configure and build (build/rondo is the command line)'
	@echo 'make demo     train on monthly sunspot numbers, forecast two years, write a report'
	@echo 'make test     build and run all tests           (PRESET=asan-ubsan, tsan, clang, dev, coverage for others)'
	@echo 'make bench    measure rondo and its rivals in turn, write bench/results.md (45 minutes)'
	@echo 'make bench-quick    its training steps on one thread, in minutes; bench-kernels: the kernels, against FMA peak'
	@echo 'make quality  forecast public data sets with the defaults, write bench/quality.md (ONLY=text for some cases)'
	@echo 'make quality-business the forecast and every method of its pool on eight collections of business series'
	@echo 'make quality-darts    time a backtest beside Darts, which it installs in a virtual environment (see parity)'
	@echo 'make fuzz     damaged files for every reader, a minute each, under sanitizers (SECONDS_EACH=n)'
	@echo 'make faults   every write, fsync, rename and open that can fail in train, forecast and online (an hour)'
	@echo 'make parity   compare live with Keras and PyTorch (installs both in a virtual environment)'
	@echo 'make lint     formatting, include order, headers, clang-tidy (lint-changed: clang-tidy of what differs from the'
	@echo '              release point only)'
	@echo 'make format   format all sources in place'
	@echo 'make deps     install the packages only'
	@echo 'make clean    remove the build folder'

deps:
	@tools/install_packages.sh tools/debian-packages.txt

lint-deps: deps
	@tools/install_packages.sh tools/debian-packages-lint.txt

configure: deps
	@cmake --preset $(PRESET)

build: configure
	@cmake --build --preset $(PRESET) --parallel $(JOBS)

# The command line alone: no test, no example.
demo: deps
	@echo '== 1 of 3: configuring'
	@cmake --preset $(PRESET) --log-level=WARNING
	@echo '== 2 of 3: building the command line (the first time some minutes; the compiler says how far it is)'
	@cmake --build --preset $(PRESET) --parallel $(JOBS) --target rondo_cli
	@echo '== 3 of 3: forecasting sunspots'
	@build/rondo forecast examples/data/sunspots.csv --target sunspots --time month --horizon 24 --out build/demo

test: build
	@tools/run_tests.sh --preset $(PRESET) --parallel $(JOBS)

# Sixty seconds of damaged files for every reader, under sanitizers.
fuzz: deps
	@cmake --preset asan-ubsan --log-level=WARNING
	@cmake --build --preset asan-ubsan --parallel $(JOBS) --target fuzz
	@ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 build/asan-ubsan/tests/fuzz all $(or $(SECONDS_EACH),60) tests/fuzz/corpus

# Every call that can fail in train, forecast and online, one after the other (an hour).
faults: build
	@cd build/tests/faults && python3 ../../../tests/faults/faults.py ../../rondo ../libfail_nth.so --all

bench-deps: deps
	@tools/install_packages.sh tools/debian-packages-bench.txt

bench-build: bench-deps configure
	@cmake --build --preset $(PRESET) --parallel $(JOBS) --target benches

bench: bench-build
	@tools/bench.sh

bench-quick: bench-build
	@tools/bench.sh --quick

bench-kernels: bench-build
	@build/bench/kernels

quality: build
	@python3 bench/quality/run.py $(if $(ONLY),--only '$(ONLY)')

quality-business: build
	@python3 bench/quality/run.py --only business:
	@cmake --build --preset $(PRESET) --parallel $(JOBS) --target bench_business
	@build/bench/business

quality-darts: build
	@tools/python_environment.sh tests/golden/requirements.txt bench/quality/requirements.txt >/dev/null
	@python3 bench/quality/run.py --only Darts

lint: lint-deps
	@JOBS=$(JOBS) tools/lint.sh

lint-changed: lint-deps
	@JOBS=$(JOBS) tools/lint.sh --changed

format: lint-deps
	@tools/list_sources.sh | xargs clang-format-14 -i

parity: build
	@tools/parity.sh

clean:
	@rm -rf build
