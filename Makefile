# Needs Go, git, make and PostgreSQL's programs; the targets about the playground need Node and chromium as well.
.DEFAULT_GOAL := help
.NOTPARALLEL: # generating removes files that another target may be compiling
.PHONY: help build demo test test-race check fresh fresh-generated fresh-schema fresh-dump fresh-mod generate schema dump \
  fmt lint vet sizes playground check-clients schema-diff bench clean

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# The linter is built once for each version of itself and of Go: built by an older Go it refuses newer code.
LINT_VERSION := v2.15.0
LINT := bin/golangci-lint-$(LINT_VERSION)-$(shell go env GOVERSION)

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/entente, with the version in it.
	go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/entente ./cmd/entente

demo: ## Run everything with generated data.
	go run ./cmd/entente demo

test: ## Run the tests.
	go test ./...

test-race: ## Run the tests with the race detector.
	go test -race ./...

check: fresh fmt lint vet test-race ## All that must hold before a commit.

fresh: fresh-mod fresh-generated fresh-schema fresh-dump ## Files made from others are what they are made to.

fresh-generated: ## Generated Go is what the schema, its configuration and the operations make.
	scripts/fresh graph/generated graph/model -- go generate ./graph
	scripts/fresh internal/clienttest/generated.go -- go generate ./internal/clienttest

fresh-schema: ## schema.graphql is the schema that the program prints.
	scripts/fresh schema.graphql -- $(MAKE) --no-print-directory schema

fresh-dump: ## schema.sql is what the migrations leave.
	go test ./migrations -run TestSchemaDumpFresh

fresh-mod: ## go.mod and go.sum are tidy.
	go mod tidy -diff

generate: ## Generate graph/generated and graph/model anew.
	go generate ./graph

schema: ## Print the schema into schema.graphql.
	@mkdir -p bin
	go run ./cmd/entente schema >bin/schema.graphql
	mv bin/schema.graphql schema.graphql

dump: ## Write schema.sql from the migrations.
	go test ./migrations -run TestSchemaDumpFresh -update

fmt: ## No Go file wants formatting.
	@files=$$(gofmt -l cmd graph internal migrations scripts) && if [ -n "$$files" ]; then echo "gofmt -w is needed:"; echo "$$files"; exit 1; fi

vet: ## go vet.
	go vet ./...

lint: $(LINT) ## Lint by .golangci.yml.
	$(LINT) run ./...

$(LINT):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv bin/golangci-lint $@

sizes: $(LINT) ## Functions over 60 lines and files over 450: worth a second look, no mistake.
	@$(LINT) run --enable-only funlen --issues-exit-code 0 ./...
	@git ls-files '*.go' | grep -v '^graph/\(generated\|model\)/' | xargs wc -l | awk '$$1 > 450 && $$2 != "total"'

playground: ## Build the playground's page into internal/playground/dist.
	cd internal/playground/web && npm ci --silent && npm run --silent build

check-clients: ## Use a demo as clients do: the playground in a browser, its build, the migrations.
	scripts/check-clients

schema-diff: ## Compare the schema with the last tag's: what breaks clients fails.
	scripts/schema-diff

SIZE ?= small

bench: build ## Measure against the best SQL, on generated data: SIZE=small or large; see docs/performance.md.
	go build -o bin/bench ./scripts/bench
	bin/bench --program bin/entente --size $(SIZE) --output docs/performance.md

clean: ## Remove what was built here.
	rm -rf bin internal/playground/web/node_modules scripts/clients/node_modules scripts/bench/postgraphile/node_modules
