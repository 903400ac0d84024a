# sslkit
#
#   make demo        install what is missing (Debian), build, train a student on a random teacher
#   make test        the same, then the tests (SPEC=spec/tensor_spec.lua for some of them)
#   make test-all    with the slow ones
#   make sanitize    the tests under the address and undefined behaviour sanitizers
#   make lint        style, and the floors of the house
#   make bench       side by side with the peers (make bench-deps installs those)
#   make deps        everything that the targets above need
#   make build       build/sslkit/*.so; eval "$(make -s env)" lets lua5.4 and the shell find it
#   make stubs       build/meta.lua: all public functions, for editors (Lua language server)
#   make install     into PREFIX (or LUADIR, LIBDIR, BINDIR and INCDIR); LuaRocks calls it
#   make rock        build/rock: the rockspec of this version, and its source rock
#
# Only deps, demo, the tests and bench-deps install packages, and only through .ci/deps.sh.

LUA        ?= lua5.4
LUA_INCDIR ?= $(or $(patsubst -I%,%,$(shell pkg-config --cflags-only-I lua5.4 2>/dev/null)), \
                /usr/include/lua5.4)
BUILD      ?= build
CFLAGS     ?= -O2 -g
LIBFLAG    ?= -shared
PREFIX     ?= /usr/local
LUADIR     ?= $(PREFIX)/share/lua/5.4
LIBDIR     ?= $(PREFIX)/lib/lua/5.4
BINDIR     ?= $(PREFIX)/bin
INCDIR     ?= $(PREFIX)/include
SPEC       ?= spec
JOBS       ?= $(shell getconf _NPROCESSORS_ONLN)

# What CFLAGS from outside, LuaRocks' or a packager's, must not take away.
OURS    = -std=gnu11 -fPIC -fvisibility=hidden -pthread -Wall -Wextra -I$(LUA_INCDIR)
OURS   += $(if $(filter true,$(CI)),-Werror)
# Last on the line, so that -O2 does not win: below -O3 gcc 12 hardly vectorises.
KERNELS = -O3 -fno-math-errno -fno-trapping-math
# OpenBLAS starts threads: the code that they run must outlive the lua_State that loaded it
# (nodelete).
#
# LAPACKE from its archive where there is one: Lua binds every symbol of a shared library when it
# loads it, and the thousands of that one take longer than those of OpenBLAS.
ARCHIVE  = $(shell $(CC) -print-file-name=liblapacke.a)
LAPACKE  = $(if $(filter /%,$(ARCHIVE)),$(ARCHIVE),-llapacke)
LIBS     = $(LAPACKE) -Wl,--exclude-libs,ALL -lopenblas -lm -lpthread -Wl,-z,nodelete

CORE   := $(BUILD)/sslkit/core.so
IMAGE  := $(BUILD)/sslkit/image/core.so
DNNL   := $(BUILD)/sslkit/dnnl.so
STUBS  := $(BUILD)/meta.lua
objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/$(1)*.c))
OBJ    := $(call objects)
IMGOBJ := $(call objects,image/)
DNNOBJ := $(call objects,dnnl/)

SANITIZERS = -fsanitize=address,undefined -fno-omit-frame-pointer
# oneDNN's too, since gcc 12's search for leaks dies of thread-local storage that is loaded when there
# are threads already.
preload     = $(filter /%,$(foreach lib,asan ubsan dnnl,$(shell $(CC) -print-file-name=lib$(lib).so)))

MAKEFLAGS += --no-print-directory
export CC LUA LUA_INCDIR LUA_PATH LUA_CPATH
LUA_PATH  := $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;
LUA_CPATH := $(abspath $(BUILD))/?.so;;
unexport LUA_PATH_5_4 LUA_CPATH_5_4

.PHONY: build core image dnnl stubs demo test test-all sanitize lint bench bench-deps deps env install \
        rock clean

# ssl.image needs libpng and libjpeg, and fast convolutions need oneDNN; all else works without.
build: $(BUILD)/ready
	@modules=core; \
	if .ci/deps.sh --check image 2>/dev/null; then modules="$$modules image"; else \
	  echo "sslkit: libpng and libjpeg are not both here: building without ssl.image"; fi; \
	if .ci/deps.sh --check dnnl 2>/dev/null; then modules="$$modules dnnl"; else \
	  echo "sslkit: oneDNN is not here: convolutions by the own kernel, which is slower"; fi; \
	$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) $$modules

core: $(CORE)
	@:

image: $(IMAGE)
	@:

dnnl: $(DNNL)
	@:

$(BUILD)/ready:
	@.ci/deps.sh --check build
	@mkdir -p $(BUILD)
	@touch $@

$(CORE): $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(LIBFLAG) $(LDFLAGS) -o $@ $(OBJ) $(LIBS)

$(IMAGE): $(IMGOBJ)
	@mkdir -p $(@D)
	$(CC) $(LIBFLAG) $(LDFLAGS) -o $@ $(IMGOBJ) -lpng -ljpeg

# oneDNN and its OpenMP stay loaded, as OpenBLAS does.
$(DNNL): $(DNNOBJ)
	@mkdir -p $(@D)
	$(CC) $(LIBFLAG) $(LDFLAGS) -o $@ $(DNNOBJ) -ldnnl -lgomp -Wl,-z,nodelete

stubs: build
	@$(MAKE) $(STUBS)

$(STUBS): $(CORE) $(shell find lua/sslkit -name '*.lua')
	$(LUA) -e 'assert(require("sslkit.help.stubs").write("$@"))'

$(BUILD)/obj/%.o: src/%.c Makefile | $(BUILD)/ready
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) $(OURS) $(OPTIMISE) -MMD -MP -c -o $@ $<

$(BUILD)/obj/k_%.o $(BUILD)/obj/image/planes.o $(BUILD)/obj/dnnl/plan.o: OPTIMISE = $(KERNELS)

-include $(OBJ:.o=.d) $(IMGOBJ:.o=.d) $(DNNOBJ:.o=.d)

demo:
	@.ci/deps.sh build image dnnl run data
	@$(MAKE) build
	$(LUA) examples/random_teacher.lua

test:
	@.ci/deps.sh build image dnnl run data test
	@$(MAKE) build
	@$(LUA) spec/run.lua --exclude-tags=slow $(SPEC)

test-all:
	@.ci/deps.sh build image dnnl run data test rocks
	@$(MAKE) build
	@$(LUA) spec/run.lua $(ARGS) $(SPEC)

# Storage without slack, so that one element too far is seen; the interpreter is not instrumented,
# so the sanitizers' libraries are loaded ahead of it.
sanitize: BUILD = build-asan
sanitize:
	@.ci/deps.sh build image dnnl run data test
	@$(MAKE) build BUILD=$(BUILD) CFLAGS="-O1 -g $(SANITIZERS)" LDFLAGS="$(SANITIZERS)" KERNELS= \
	  CPPFLAGS="-DSK_NO_CLONES -DSK_NO_SLACK"
	@LUA_CPATH="$(abspath $(BUILD))/?.so;;" OPENBLAS_NUM_THREADS=1 SANITIZE=1 PRELOAD="$(preload)" \
	  ASAN_OPTIONS=detect_leaks=1:exitcode=9 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	  $(LUA) spec/run.lua --exclude-tags=train,slow $(SPEC)

lint:
	@.ci/deps.sh --check lint
	@.ci/lint.sh

bench: build
	@: >bench.jsonl
	@for topic in $(filter-out %/harness.lua,$(wildcard examples/bench/*.lua)); do \
	  $(LUA) $$topic $(ARGS) >bench.part || { rm bench.part; exit 1; }; \
	  tee -a bench.jsonl <bench.part; \
	done
	@rm -f bench.part

bench-deps:
	@.ci/deps.sh build run bench

deps:
	@.ci/deps.sh build image dnnl run data test lint rocks

env:
	@echo "export LUA_PATH='$(LUA_PATH)' LUA_CPATH='$(LUA_CPATH)'"
	@echo "export PATH='$(CURDIR)/lua/bin':\"\$$PATH\""

install: stubs
	mkdir -p $(addprefix $(DESTDIR),$(LUADIR)/sslkit $(LIBDIR)/sslkit $(BINDIR) $(INCDIR))
	cp -R lua/sslkit/. $(STUBS) $(DESTDIR)$(LUADIR)/sslkit
	cp -R $(BUILD)/sslkit/. $(DESTDIR)$(LIBDIR)/sslkit
	sed '1s|lua5.4|$(notdir $(LUA))|' lua/bin/sslkit >$(DESTDIR)$(BINDIR)/sslkit
	chmod 755 $(DESTDIR)$(BINDIR)/sslkit
	cp src/sslkit.h $(DESTDIR)$(INCDIR)

rock:
	@.ci/rock.sh $(BUILD)/rock

clean:
	rm -rf build build-asan bench.jsonl
