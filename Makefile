# make demo   set up a Nix and the packages of one dev shell, build purity, show what it does
# make test   set everything up and run the tests, with the newest Nix, as the user you are
# make test-slow  older versions of Nix, other users, odd names, great inputs, real projects, views
# make test-kernels  attack purity on real kernels, in QEMU
# make test-builders  checks on many builders of Nix, local and remote
# make test-nixpkgs PURITY_NIXPKGS=DIR  what people do with nixpkgs, with the one in DIR
# make test-builds  some sixty real builds, confined and not, and what is impure beside each
# make bench  compare the speed of purity with nix develop and a launcher in C
# make help   these lines
# make lint   what CONTRIBUTING asks of a change

GO ?= go
BIN := bin/purity
export CGO_ENABLED := 0
# Tests put the names of their directories into lines of shells.
ifneq ($(word 2,$(TMPDIR)),)
export TMPDIR := /tmp
endif

build: $(BIN)

$(BIN): FORCE
	@$(GO) build -ldflags "-s -w" -o $@ ./cmd/purity

# Nix, a package set and projects made of Debian's packages, in
# /var/cache/purity-fixtures or ~/.cache/purity-fixtures; made once.
fixtures:
	@$(GO) run ./fixtures/setup

# The first compilation takes as long as the packages: side by side, and the packages first.
demo:
	@$(GO) build -o bin/setup ./fixtures/setup
	@$(MAKE) --no-print-directory -j2 demo-parts demo-build
	@fixtures/demo $(BIN)

demo-parts:
	@bin/setup demo

demo-build:
	@nice -n 19 $(MAKE) --no-print-directory build

# lint vets.
test: fixtures lint
	$(GO) test -vet=off -timeout 60m -skip '^TestSlow' ./...

test-slow: fixtures
	$(GO) test -vet=off -timeout 60m -run '^TestSlow' $(sort $(dir $(shell grep -rl '^func TestSlow' --include='*_test.go' .)))
	PURITY_TEST_VIEW=1 $(GO) test -vet=off -timeout 60m -run '^(TestScripts|TestScriptsOnce|TestSlowImpurities)$$' ./cmd/purity

test-kernels: build
	@$(GO) run ./fixtures/setup kernels
	@$(GO) run ./fixtures/kernels $(BIN)

test-builders: fixtures
	PURITY_BUILDERS=1 $(GO) test -count=1 -timeout 60m -v -run '^TestBuilders$$' ./cmd/purity

# A nix in PATH builds with its store and its caches. Without one it is that of the
# fixtures, for a nixpkgs whose stdenv builds there.
test-nixpkgs: fixtures
	@test -e "$(PURITY_NIXPKGS)/pkgs/top-level/default.nix" || { \
	  echo 'test-nixpkgs: name a directory that has nixpkgs: make test-nixpkgs PURITY_NIXPKGS=DIR'; \
	  echo 'The packages that the tests take come from the binary cache of the nix in PATH, or are built.'; exit 1; }
	PURITY_NIXPKGS="$(abspath $(PURITY_NIXPKGS))" $(GO) test -count=1 -timeout 60m -v -run '^TestNixpkgs$$' ./cmd/purity

# PURITY_TEST_VIEW=1 does all of it in a view.
test-builds: fixtures
	@$(GO) run ./fixtures/setup builds
	PURITY_BUILDS=1 $(GO) test -count=1 -parallel 2 -timeout 90m -v -run '^TestBuilds$$' ./cmd/purity

bench: fixtures build
	@$(GO) run ./fixtures/bench $(BIN)

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt: the files above'; exit 1; }
	@$(GO) vet ./...
	@$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

clean:
	rm -rf bin

.PHONY: build fixtures demo demo-parts test test-slow test-kernels test-builders test-nixpkgs test-builds bench lint help clean FORCE
