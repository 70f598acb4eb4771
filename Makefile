# make demo   set up a Nix and the packages of one dev shell, build purity, show what it does
# make test   set everything up and run every test
# make test-kernels  attack purity on real kernels, in QEMU
# make bench  compare the speed of purity with nix develop and a launcher in C
# make lint   what CONTRIBUTING asks of a change

GO ?= go
BIN := bin/purity
export CGO_ENABLED := 0

build: $(BIN)

$(BIN): FORCE
	@$(GO) build -trimpath -ldflags "-s -w" -o $@ ./cmd/purity

# Nix, a package set and projects made of Debian's packages, in
# /var/cache/purity-fixtures or ~/.cache/purity-fixtures; made once.
fixtures:
	@$(GO) run ./fixtures/setup

demo: build
	@$(GO) run ./fixtures/setup demo
	@fixtures/demo $(BIN)

test: fixtures lint
	$(GO) test -timeout 30m ./...

test-kernels: build
	@$(GO) run ./fixtures/setup kernels
	@$(GO) run ./fixtures/kernels $(BIN)

bench: fixtures build
	@$(GO) run ./fixtures/bench $(BIN)

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt: the files above'; exit 1; }
	@$(GO) vet ./...
	@$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

clean:
	rm -rf bin

.PHONY: build fixtures demo test test-kernels bench lint clean FORCE
