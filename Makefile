# SPDX-License-Identifier: GPL-2.0-only
#
# The whole build, in one file, out of the tree in build/.
#
# buddyscope has four parts: libpa.a (core/, the model), libtools.a (tools/ and
# tui/, the library half of the command), the BPF objects with their skeletons
# (bpf/), and the command itself.  Only the files in BPF_TOOLS need the third,
# only those in TERM_SRC a terminal.

# Switches, for any target (a space before a # would be part of the value):
BPF   ?= 1#  BPF=0     without record and check: needs neither clang nor libbpf
TUI   ?= 1#  TUI=0     without the dashboard
SAN   ?= 0#  SAN=1     AddressSanitizer and UBSan, in build/san
V     ?= 0#  V=1       print the commands
WERROR ?= -Werror#  WERROR=   warnings stay warnings
CC    := $(if $(filter default,$(origin CC)),cc,$(CC))#  CC=clang  another compiler
PREFIX ?= /usr/local#  PREFIX=DIR  where install puts things, below DESTDIR=DIR

CLANG   ?= clang
BPFTOOL ?= $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool || echo bpftool)
BUILD   := build$(if $(filter 1,$(SAN)),/san)
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),@:,@printf '  %-8s%s\n' '$(1)' '$(2)')

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDEXPANSION:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules -j$(shell nproc)

# ---------------------------------------------------------------------------
# Packages: checked each time, which takes no network; run, test and deps
# install what is missing, the rest say how.

GOALS := $(or $(MAKECMDGOALS),all)
DEPS_GROUPS := $(if $(filter-out help clean format lint deps-vm,$(GOALS)),build) \
	$(if $(filter test test-kernel test-vm test-requests deps tests $(BUILD)/tests/%,$(GOALS)),test) $(if $(filter fuzz,$(GOALS)),fuzz) \
	$(if $(filter bench,$(GOALS)),bench) $(if $(filter deps-vm,$(GOALS)),vm) $(if $(filter deps,$(GOALS)),lint cluster)
DEPS_MODE := $(if $(filter run test test-kernel test-vm test-requests test-portable test-browser cov bench fuzz deps deps-vm,$(GOALS)),install,check)
DEPS_ENV := BPF=$(BPF) TUI=$(TUI) CC=$(firstword $(CC)) CLANG=$(CLANG) BPFTOOL=$(BPFTOOL)
ifneq ($(strip $(DEPS_GROUPS)),)
ifneq ($(shell $(DEPS_ENV) contrib/deps.sh $(DEPS_MODE) $(DEPS_GROUPS) && echo ok),ok)
$(error nothing was built)
endif
endif

# ---------------------------------------------------------------------------
# Sources

BPF_TOOLS := $(wildcard tools/probe*.c tools/cmd_record.c tools/cmd_check.c tools/source_live.c tools/source_counts.c)
TERM_SRC  := $(wildcard tui/term.c tui/top.c)
CORE_SRC  := $(wildcard core/*.c)
LIB_SRC   := $(filter-out tools/main.c $(BPF_TOOLS) $(TERM_SRC),$(wildcard tools/*.c tui/*.c))
CMD_SRC   := $(filter tools/cmd_%.c,$(LIB_SRC))
BPF_SRC   := $(if $(filter 1,$(BPF)),$(wildcard bpf/*.bpf.c))
SKEL      := $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf/%.skel.h) $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf/%_old.skel.h)
MAIN_SRC  := tools/main.c $(CMD_SRC) $(if $(filter 1,$(BPF)),$(BPF_TOOLS)) $(if $(filter 1,$(TUI)),$(TERM_SRC))

TEST_SRC  := $(wildcard tests/*/test_*.c)
TEST_BIN  := $(TEST_SRC:%.c=$(BUILD)/%)
TEST_SH   := $(filter-out %/common.sh tests/kernel/% tests/vm/% tests/bench/% tests/browser/%,$(wildcard tests/*/*.sh))
BENCH_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
FUZZ_BIN  := $(patsubst %.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
# What the tests of one folder share: its C files that are no program of their own.
shared     = $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(dir $(1))test_% $(dir $(1))fuzz_%,$(wildcard $(dir $(1))*.c)))

objs = $(patsubst %.c,$(BUILD)/%.o,$(1))

# ---------------------------------------------------------------------------
# Flags

LIB_PKGS  := libzstd jansson libxxhash
BPF_PKGS  := libbpf libelf zlib libcap-ng
PKGS      := $(LIB_PKGS) $(if $(filter 1,$(BPF)),$(BPF_PKGS)) $(if $(filter 1,$(TUI)),ncursesw)
pkg        = $(if $(strip $(DEPS_GROUPS)),$(shell pkg-config $(1)))
PKG_CFLAGS := $(call pkg,--cflags $(PKGS))
PKG_LIBS   := $(call pkg,--libs $(PKGS))
LIB_LIBS   := $(call pkg,--libs $(LIB_PKGS))
TEST_LIBS  := $(if $(filter test,$(DEPS_GROUPS)),$(call pkg,--libs cmocka))

CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes $(WERROR)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANFLAGS := $(if $(filter 1,$(SAN)),$(SANITIZE))
COMMON   := $(CFLAGS) $(WARN) $(SANFLAGS) -ffile-prefix-map=$(CURDIR)=. -MMD -MP -I.
CORE_CFLAGS := -std=c11 -Wpedantic $(COMMON)
TOOL_CFLAGS := -std=gnu11 $(COMMON) -Itools -I$(BUILD)/bpf $(PKG_CFLAGS) $(if $(filter 1,$(BPF)),-DHAVE_BPF) $(if $(filter 1,$(TUI)),-DHAVE_TUI)
TEST_CFLAGS := -std=gnu11 $(COMMON) -Itools $(PKG_CFLAGS)

ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/; s/ppc64le/powerpc/; s/riscv64/riscv/')
BPF_CFLAGS := -target bpf -mcpu=v3 -g -O2 -Wall -Wextra -Wno-unused-parameter $(WERROR) -D__TARGET_ARCH_$(ARCH) \
	-ffile-prefix-map=$(CURDIR)=. -MMD -MP -I. -Ibpf

# What is compiled depends on its flags, what is linked on the list of its parts
# as well: these files change when those do.
FLAGS := $(BUILD)/.flags
PARTS := $(BUILD)/.parts
$(FLAGS)_TEXT := $(CC) $(CORE_CFLAGS) $(TOOL_CFLAGS) $(CLANG) $(BPF_CFLAGS)
$(PARTS)_TEXT := $(CC) $(LDFLAGS) $(CORE_SRC) $(LIB_SRC) $(MAIN_SRC) $(PKG_LIBS)
.PHONY: $(foreach f,$(FLAGS) $(PARTS),$(if $(subst x$(file <$f)x,,x$($f_TEXT)x),$f))

# ---------------------------------------------------------------------------
# Targets

.PHONY: all run test test-kernel test-vm test-requests test-portable test-browser cov core-tests bench fuzz lint static deps deps-vm \
	install format clean help tests

all: $(BUILD)/buddyscope ## build the command (the default)

run: $(BUILD)/buddyscope $(BUILD)/workload ## record this host, or take a stored trace; replay and diff it
	@BUDDYSCOPE=$(BUILD)/buddyscope WORKLOAD=$(BUILD)/workload tools/demo.sh

TESTS = BUDDYSCOPE=$(BUILD)/buddyscope WORKLOAD=$(BUILD)/workload tests/run

tests: $(BUILD)/buddyscope $(TEST_BIN) $(if $(wildcard tests/workload.c),$(BUILD)/workload)

# Those that wait for a terminal and those that take longest begin first, so that none is left over
# when the others are done; while they wait, two more than there are CPUs keep these busy.
FIRST := $(wildcard tests/tui/*.sh) tests/lint/format.sh tests/cli/tune.sh tests/cli/report.sh \
	$(BUILD)/tests/trace/test_damage $(BUILD)/tests/replay/test_long $(BUILD)/tests/cli/test_same

test: tests ## what needs no privilege: unit, model, golden traces, cli, lint; SAN=1 under sanitizers
	@$(TESTS) --timeout 180 --jobs $(shell expr $$(nproc) + 2) \
		$(filter $(TEST_BIN) $(TEST_SH),$(FIRST)) $(filter-out $(FIRST),$(TEST_SH) $(TEST_BIN))

test-kernel: tests ## as root, on a kernel with BTF: record this host
	@$(TESTS) --timeout 300 $(filter-out %/common.sh,$(wildcard tests/kernel/*.sh))

KERNELS ?= 6.1 6.12
test-vm: tests static ## stock kernels under QEMU: KERNELS="6.1 6.12"
	@contrib/deps.sh install vm || :
	@BUDDYSCOPE=$(BUILD)/buddyscope BUDDYSCOPE_STATIC=$(BUILD)/buddyscope-static tests/vm/run $(KERNELS)

test-requests: tests static ## request mode on stock kernels, three workloads: KERNELS=, SEED=
	@contrib/deps.sh install vm || :
	@BUDDYSCOPE=$(BUILD)/buddyscope BUDDYSCOPE_STATIC=$(BUILD)/buddyscope-static TIERS=requests \
		MODE="$${MODE:-quiet fragment thrash}" OPS=$${OPS:-1} MIN_PICKS=10000 tests/vm/run $(KERNELS)

test-browser: $(BUILD)/buddyscope ## the page of `report`, clicked through in a headless Chromium
	@contrib/deps.sh install browser || :
	@$(TESTS) --timeout 300 $(wildcard tests/browser/*.sh)

bench: $(BUILD)/buddyscope $(BUILD)/workload $(BENCH_BIN) ## costs, beside perf; fails on no figure
	@for b in $(wildcard tests/bench/*.sh); do \
		BUDDYSCOPE=$(BUILD)/buddyscope WORKLOAD=$(BUILD)/workload $$b || exit; done

fuzz: $(FUZZ_BIN) ## each fuzzer for FUZZ_SEC (60) seconds
	@for f in $^; do mkdir -p $$f.corpus; \
		$$f -max_total_time=$(or $(FUZZ_SEC),60) $$f.corpus || exit; done

# The core's tests as others build them: tests/portable/run and tests/cov call core-tests with CC and
# BUILD of their own.  There tests/portable/cmocka.h stands in for cmocka.
PORTABLE_SRC := $(wildcard tests/core/test_*.c tests/model/test_*.c)
PORTABLE_BIN := $(patsubst %.c,$(BUILD)/tests/portable/%,$(notdir $(PORTABLE_SRC)))

test-portable: ## the core's tests with gcc, clang, -m32, musl, big-endian; freestanding
	@contrib/deps.sh install portable || :
	+@tests/portable/run

cov: ## the lines and branches of core/ that its tests reach; at least 100 % and 95 %
	@contrib/deps.sh install cov || :
	+@CLANG=$(CLANG) tests/cov

core-tests: $(PORTABLE_BIN)
	@tests/run --timeout 300 --jobs $(shell nproc) $^

lint: ## format, layers, licences, man pages, shell
	@tests/run $(wildcard tests/lint/*.sh)

static: $(BUILD)/buddyscope-static $(if $(wildcard tests/workload.c),$(BUILD)/workload-static) ## build/buddyscope-static: no shared library at all

deps: ## install what build, test and lint need (as root; else print the command)

deps-vm: ## the same for test-vm

# The model alone is of use to others: its headers, and what pkg-config says of it.
CORE_HEADERS := core/pa.h core/pa_request.h core/pa_shares.h
VERSION = $(shell sed -n 's/^\#define BUDDYSCOPE_VERSION "\(.*\)"/\1/p' tools/cmd.h)

install: $(BUILD)/buddyscope $(BUILD)/libpa.a ## command, libpa.a and man pages, into DESTDIR and PREFIX
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/bin/buddyscope
	install -D -m 644 $(BUILD)/libpa.a $(DESTDIR)$(PREFIX)/lib/libpa.a
	install -d $(DESTDIR)$(PREFIX)/include/buddyscope $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 $(CORE_HEADERS) $(DESTDIR)$(PREFIX)/include/buddyscope
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' core/libpa.pc.in >$(DESTDIR)$(PREFIX)/lib/pkgconfig/libpa.pc
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 $(wildcard man/*.1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(wildcard man/*.5) $(DESTDIR)$(PREFIX)/share/man/man5
	install -d $(DESTDIR)$(PREFIX)/share/doc/buddyscope/scenarios
	install -m 644 $(wildcard tests/scenarios/*.sim) $(DESTDIR)$(PREFIX)/share/doc/buddyscope/scenarios

format: ## rewrite the C files as .clang-format has them
	clang-format -i $(wildcard vmlinux.h core/*.[ch] bpf/*.[ch] tools/*.[ch] tui/*.[ch] tests/*.[ch] tests/*/*.[ch])

clean: ## remove build/
	rm -rf build

help: ## this text
	@echo 'Targets:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s%s\n", $$1, $$2 }'
	@echo 'Switches:'
	@sed -n 's/^[A-Z]* *[?:]=.*#  \([A-Z]*=[^ ]*\)  *\(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s%s\n", $$1, $$2 }'

# ---------------------------------------------------------------------------
# Rules

$(FLAGS) $(PARTS):
	$(shell mkdir -p $(@D))$(file >$@,$($@_TEXT))@:

$(BUILD)/core/%.o: core/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CORE_CFLAGS) -c -o $@ $<

$(BUILD)/tools/%.o: tools/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(TOOL_CFLAGS) -c -o $@ $<

$(BUILD)/tools/report_out.o: tools/report.html

$(BUILD)/tui/%.o: tui/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(TOOL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(TEST_CFLAGS) -c -o $@ $<

# Skeletons exist before what may include them; -MMD knows the rest.
$(call objs,$(BPF_TOOLS)): | $(SKEL)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

# For kernels whose BPF lacks what these use, see bpf/compat.bpf.h.
$(BUILD)/bpf/%_old.bpf.o: bpf/%.bpf.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,BPF,$< OLD_BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DOLD_BPF -c -o $@ $<

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen object $(@:.skel.h=.linked.o) $<
	$(Q)$(BPFTOOL) gen skeleton $(@:.skel.h=.linked.o) name $*_bpf >$@

$(BUILD)/libpa.a: $(call objs,$(CORE_SRC))
$(BUILD)/libtools.a: $(call objs,$(LIB_SRC))
$(BUILD)/libpa.a $(BUILD)/libtools.a: $(PARTS)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

LIBS := $(BUILD)/libtools.a $(BUILD)/libpa.a

$(BUILD)/buddyscope: $(call objs,$(MAIN_SRC)) $(LIBS) $(PARTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PKG_LIBS)

$(BUILD)/buddyscope-static: $(call objs,$(MAIN_SRC)) $(LIBS) $(PARTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $(filter %.o %.a,$^) $(call pkg,--static --libs $(PKGS))

$(BUILD)/workload $(BUILD)/workload-static: $(BUILD)/tests/workload.o $(PARTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -pthread $(if $(filter %-static,$@),-static) -o $@ $(filter %.o,$^)

# Fault injection: the linker hands these calls to the test's own.
WRAPPED := malloc calloc realloc strdup open write read fsync rename
$(BUILD)/tests/fault/%: LDFLAGS += $(WRAPPED:%=-Wl,--wrap=%)

$(TEST_BIN): $(BUILD)/%: $(BUILD)/%.o $$(call shared,$$*) $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -pthread -o $@ $(filter %.o %.a,$^) $(LIB_LIBS) $(TEST_LIBS)

VPATH := $(sort $(dir $(PORTABLE_SRC)))
$(PORTABLE_BIN): $(BUILD)/tests/portable/%: %.c $(BUILD)/libpa.a $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -Itests/portable $(TEST_CFLAGS) $(LDFLAGS) -o $@ $< $(filter-out $(<D)/test_%,$(wildcard $(<D)/*.c)) \
		$(BUILD)/libpa.a

$(BUILD)/tests/bench/frame: $(BUILD)/tests/tui/stub.o
$(BENCH_BIN): $(BUILD)/%: $(BUILD)/%.o $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -pthread -o $@ $(filter %.o %.a,$^) $(LIB_LIBS)

build/fuzz/%: %.c $(CORE_SRC) $(LIB_SRC) $(FLAGS)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -I. -Itools $(PKG_CFLAGS) -fsanitize=fuzzer,address,undefined \
		-o $@ $(filter %.c,$^) $(LIB_LIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
