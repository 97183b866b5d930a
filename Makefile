# SPDX-License-Identifier: BSD-2-Clause
# Two doors: "make run" shows the map of a demo library (MUSIC=~/Music: of yours), "make check" runs
# the tests. Everything else is below them.

BUILD   ?= build
MUSIC   ?=
# Not every shell makes a home of the ~ in MUSIC=~/Music.
override MUSIC := $(patsubst ~/%,$(HOME)/%,$(MUSIC))
STYLES  ?= 42
SONGS   ?= 3
SEED    ?= 1
DEMO     = demo/library-$(STYLES)x$(SONGS)-$(SEED)
LIBRARY ?= $(if $(MUSIC),,$(DEMO).map)

export STYLES SONGS SEED

all: deps-build
	@test -d $(BUILD) || meson setup $(BUILD) >/dev/null
	@ninja -C $(BUILD)

run: deps-build $(if $(MUSIC),,deps-run)
	@$(MAKE) --no-print-directory all
	@$(if $(MUSIC),,demo/make-library $(DEMO))
	@exec $(BUILD)/musicmap explore $(if $(LIBRARY),--library "$(LIBRARY)") "$(if $(MUSIC),$(MUSIC),$(DEMO))"

# Below PREFIX (as configured, /usr/local), or DESTDIR and that.
install: all
	@$(if $(PREFIX),meson configure $(BUILD) -Dprefix="$(PREFIX)")
	@DESTDIR="$(DESTDIR)" meson install -C $(BUILD) --quiet

check: deps-build deps-test deps-run
	@tests/run

# The long proofs: what "check" samples, whole.
check-full: deps-build deps-test deps-run deps-full
	@tests/run --full

# Every target of tests/fuzz, MINUTES each in all, those that had least first; goes on where any run
# on any machine was stopped (tests/fuzz/ledger.md: commit it).
MINUTES ?= 20
fuzz: deps-build deps-test
	@tests/fuzz/run --minutes $(MINUTES)

bench: deps-build deps-test deps-run deps-bench
	@bench/run $(if $(FULL),--full) --write doc/bench.md

# The weights of mm1 from nothing: half an hour of two cores, 8 GB in train/work (train/README.md).
train: deps-build deps-run deps-train
	@$(MAKE) --no-print-directory all
	@train/run

deps: deps-build deps-run deps-test
deps-build:
	@tools/deps.sh build
deps-run:
	@tools/deps.sh run
deps-test:
	@tools/deps.sh test
deps-full:
	@tools/deps.sh full
deps-bench:
	@tools/deps.sh bench
deps-train:
	@tools/deps.sh train

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD) build-*

.PHONY: all run install check check-full bench train deps deps-build deps-run deps-test deps-full deps-bench \
	deps-train format clean
