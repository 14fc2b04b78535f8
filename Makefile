# Every target says what it does: `make` lists them.

BIN      := bin
LINT     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
DRIVERS  := $(CURDIR)/out/drivers
FUZZTIME ?= 20s
RELEASE  ?= out/release
SUPPLY   := $(addprefix out/bin/,govulncheck go-licenses cyclonedx-gomod crane)
export REPORT_DIR ?= $(CURDIR)/out/reports

.DEFAULT_GOAL := help
.PHONY: help build run test sim sensitivity scale prove conformance race fuzz mutate bench figures lint chart drivers venv tools up down e2e chaos soak page node-test supply release publish clean bench-tools gobench bench-reads bench-scale report

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the controller, with kubectl's plugin as another name of it, and the stand-in into bin/
	go build -trimpath -o $(BIN)/ . ./clusters/standin/cmd/memgraph-standin
	ln -sf memgraph-controller $(BIN)/kubectl-memgraph

run: build ## run a self-healing cluster on this machine (ARGS="--help" shows its flags)
	$(BIN)/memgraph-controller local $(ARGS)

test: ## run every test that needs no cluster, with a few rounds of each proof and 10,000 simulated clusters (seven minutes with a filled build cache)
	go test $$(go list ./... | grep -v -e /e2e/local -e /e2e/conformance -e /charts$$)
# These build the programs that they test, which the cache of results does not see.
# The second one runs alone, because it asserts how long clients wait.
	go test -count=1 -p 1 ./e2e/conformance ./e2e/local
	$(MAKE) --no-print-directory sim SCHEDULES=10000

sim: ## simulate SCHEDULES (1000000) clusters with faults by chance in virtual time; SEED=n replays one exactly, or begins with it
	go run ./chaos/sim/replay -o out/replay
	SIM_SCHEDULES=$(or $(SCHEDULES),$(if $(SEED),1,1000000)) SIM_SEED=$(or $(SEED),1) CGO_ENABLED=0 \
		go test -count=1 -timeout 0 -v -overlay out/replay/overlay.json -tags replay \
		-run '$(if $(SEED),FaultsByChance,FaultsByChance|ReplayExactly|BrokenCores)' ./chaos/sim

sensitivity: ## measure how the presets judge mains that hang for a while, in simulation; writes a part of docs/reference.md, and docs/sensitivity.* (two minutes)
	UPDATE=1 go test -count=1 -timeout 30m -run SensitivityPage ./chaos/sim

scale: ## measure what more instances and controllers cost, in simulation; writes docs/scale.* (a minute)
	UPDATE=1 go test -count=1 -timeout 30m -run ScalePage ./chaos/sim

prove: ## run the proofs in the promised numbers (FULL=1); writes out/reports
	mkdir -p $(REPORT_DIR)
	FULL=1 go test -count=1 -timeout 60m -v ./e2e/local

conformance: ## ask instances for all that was observed of Memgraph (MEMGRAPH=program, MEMGRAPH_IMAGE=image or ADDRESSES=host:7687,...; none: the stand-in)
	mkdir -p $(REPORT_DIR)
	SLOW=1 MEMGRAPH='$(MEMGRAPH)' MEMGRAPH_IMAGE='$(MEMGRAPH_IMAGE)' ADDRESSES='$(ADDRESSES)' go test -count=1 -timeout 25m -v -parallel 8 ./e2e/conformance

race: ## run the unit tests with the race detector
	go test -race -short ./...

fuzz: ## run every fuzz target for FUZZTIME (20s), also after one that fails
	@failed=0; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || failed=1; \
		done; \
	done; exit $$failed

mutate: ## change the decision core in every small way; its tests have to notice 90 % (ten minutes on two cores; ARGS="-sample 100" takes one)
	go run ./chaos/mutate -atleast 90 $(ARGS)

bench: ## measure what the gateway costs against HAProxy, nginx and others; writes out/reports/bench.jsonl and a report beside it (15 minutes; ROUNDS=11, THREADS=1; GATE=1 fails where a threshold is exceeded)
	mkdir -p out/bench && go build -trimpath -o out/bench/ ./bench/cmd/...
	out/bench/bench -programs out/bench -rounds $(or $(ROUNDS),11) -threads $(or $(THREADS),1) -out $(REPORT_DIR)/bench.jsonl
	@failed=0; out/bench/report -in $(REPORT_DIR)/bench.jsonl -out $(REPORT_DIR)/bench $(if $(GATE),-gate) || failed=1; \
	out/bench/onepage -out $(REPORT_DIR)/bench/index.html $(REPORT_DIR)/bench/README.md && exit $$failed

bench-tools: ## install what `make bench` compares the gateway with, on Debian or Ubuntu as root; no service is started
	command -v haproxy >/dev/null && command -v strace >/dev/null && test -e /usr/lib/nginx/modules/ngx_stream_module.so || { \
		policy=/usr/sbin/policy-rc.d; test -e $$policy || { trap 'rm -f '$$policy EXIT; printf '#!/bin/sh\nexit 101\n' >$$policy; chmod +x $$policy; }; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends haproxy nginx-light libnginx-mod-stream strace; }

bench-scale: ## measure what up to 20,000 connections cost 2 to 5 gateways, and how soon they are served again; writes docs/bench/storm.* and the table in docs/scale.md (ten minutes)
	mkdir -p out/bench && go build -trimpath -o out/bench/ ./bench/cmd/...
	out/bench/storm -programs out/bench -out docs/bench/storm.jsonl -in docs/bench/storm.jsonl

gobench: ## run the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./gateway/... ./clusters/standin/...

# The report is made where the gate fails, too: it says what fell short.
bench-reads: out/bin/helm out/venv/.made ## measure on a kind cluster of its own how reads scale with replicas, and fail below the gate (25 minutes on idle cores; SIZES=2,3 some of 1 to 4 replicas); writes docs/bench/reads*
	mkdir -p $(REPORT_DIR)
	@failed=0; BENCH_READS=1 SIZES='$(SIZES)' go test -count=1 -timeout 60m -v ./bench/reads || failed=1; \
	go run ./bench/reads/cmd/report -in $(REPORT_DIR)/bench-reads.jsonl -out docs/bench && exit $$failed

figures: ## make the report in docs/chaos anew of the raw results of chaos runs that are beside it
	go run ./chaos/cmd/report -in docs/chaos -out docs/chaos

report: figures ## make all reports of docs anew of the raw results beside them, and one page of them
	go run ./bench/cmd/report -in docs/bench/bench.jsonl -out docs/bench -summary README.md
	go run ./bench/cmd/report -in docs/bench-2-threads/bench.jsonl -out docs/bench-2-threads
	go run ./bench/reads/cmd/report -in docs/bench/reads.jsonl -out docs/bench
	go run ./bench/cmd/storm -in docs/bench/storm.jsonl
	go run ./bench/cmd/onepage -out docs/bench/index.html docs/bench/README.md docs/bench/reads-results.md docs/chaos/README.md docs/scale.md

lint: out/bin/actionlint ## run gofmt, go vet, golangci-lint and actionlint
	@test -z "$$(gofmt -l .)" || { echo "not gofmt'ed:"; gofmt -l .; exit 1; }
	go vet ./...
	go run $(LINT) run
	out/bin/actionlint

chart: ## check the Helm chart and skaffold.yaml (builds helm and its tools the first time)
	mkdir -p out/bin && cd tools && CGO_ENABLED=0 go build -trimpath -o ../out/bin/ tool ./...
	cd tools/promtool && CGO_ENABLED=0 go build -trimpath -tags=remove_all_sd -o ../../out/bin/ tool
	go test -count=1 -timeout 30m ./charts/...

supply: out/bin/helm $(SUPPLY) ## check what the product is made of: known vulnerabilities (VULNDB=url of a copy of the database), licences, bill of materials, builds that are the same anywhere (FULL=1 with a build cache of their own)
	SUPPLY=1 go test -count=1 -timeout 30m -v ./release

release: out/bin/helm $(SUPPLY) ## make what a release of the tag VERSION (v1.2.3) consists of, for images that will be at IMAGE, in out/release
	go run ./release/cmd/release --version '$(VERSION)' --image '$(IMAGE)' --out $(RELEASE)

publish: out/bin/helm out/bin/crane ## push the images of a release to IMAGE and its chart to CHARTS (oci://...), and note their digests in out/release/digests
	mkdir -p $(RELEASE)/digests
	@set -e; tag=$(patsubst v%,%,$(VERSION)); \
	for arch in amd64 arm64; do \
		out/bin/crane push $(RELEASE)/image-$$arch.tar $(IMAGE):$$tag-$$arch; \
		out/bin/crane digest $(IMAGE):$$tag-$$arch >$(RELEASE)/digests/image-$$arch; \
	done; \
	out/bin/crane index append -m $(IMAGE):$$tag-amd64 -m $(IMAGE):$$tag-arm64 -t $(IMAGE):$$tag; \
	out/bin/crane digest $(IMAGE):$$tag >$(RELEASE)/digests/image; \
	out/bin/helm push $(RELEASE)/memgraph-controller-$$tag.tgz $(CHARTS) $(HELMFLAGS); \
	out/bin/crane digest $(patsubst oci://%,%,$(CHARTS))/memgraph-controller:$$tag >$(RELEASE)/digests/chart

up: out/bin/helm ## bring up a kind cluster with the chart installed, with an image registry or without one
	go run ./clusters/cmd/cluster install

down: ## remove it
	go run ./clusters/cmd/cluster down

e2e: out/bin/helm out/venv/.made ## prove the promises on a kind cluster of its own (KEEP=1 keeps it, FULL=1 in the promised numbers)
	mkdir -p $(REPORT_DIR)
	E2E=1 go test -count=1 -timeout $(if $(FULL),120m,60m) -v $(if $(RUN),-run '$(RUN)') $(if $(SKIP),-skip '$(SKIP)') ./e2e/kube

chaos: out/bin/helm out/venv/.made ## break a kind cluster of its own under load and judge what clients saw (under 15 minutes; FULL=1 every fault, FAMILY=nodes one kind, CASE='kill main' one, WAY=mesh by Chaos Mesh)
	mkdir -p $(REPORT_DIR)
	CHAOS=1 FAMILY='$(FAMILY)' CASE='$(CASE)' WAY='$(WAY)' go test -count=1 -timeout $(if $(FULL),120m,30m) -v -run 'Faults$(if $(FAMILY),/^$(FAMILY)$$)' ./chaos/kube

soak: out/bin/helm out/venv/.made ## break it at random for HOURS (1) by SEED (1); what is interrupted goes on where it was
	mkdir -p $(REPORT_DIR)
	CHAOS=1 HOURS='$(or $(HOURS),1)' SEED='$(or $(SEED),1)' go test -count=1 -timeout 0 -v -run Soak ./chaos/kube

page: ## look at the status page with a headless Chromium while a cluster loses its main; pictures in out/reports/page
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium fonts-dejavu-core; }
	BROWSER=1 go test -count=1 -timeout 10m ./e2e/page

node-test: ## test the programs of the node image, a module of its own (compiles client-go)
	cd clusters/nodeimage && CGO_ENABLED=0 go test -trimpath ./...

tools: ## install what the proofs need besides Go, on Debian or Ubuntu as root
	command -v iptables zsh fish | wc -l | grep -qx 3 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends iptables zsh fish; }

drivers: ## install the Python and JavaScript drivers that their tests need, and run these: against the stand-in, and at the read gateway with logins
	mkdir -p $(DRIVERS) && cp clusters/standin/bolt/testdata/drivers/package*.json $(DRIVERS)/ && npm --prefix $(DRIVERS) ci --silent
	for version in python5 python6; do \
		python3 -m venv $(DRIVERS)/$$version && \
		$(DRIVERS)/$$version/bin/pip install --quiet --disable-pip-version-check -r clusters/standin/bolt/testdata/drivers/$$version.txt || exit 1; \
	done
	DRIVERS=$(DRIVERS) go test -count=1 -run OtherDrivers ./clusters/standin/bolt ./e2e/local

out/bin/helm: PROGRAM = helm.sh/helm/v3/cmd/helm
out/bin/actionlint: PROGRAM = github.com/rhysd/actionlint/cmd/actionlint
out/bin/helm out/bin/actionlint: tools/go.mod tools/go.sum
	mkdir -p out/bin && cd tools && CGO_ENABLED=0 go build -trimpath -o ../$@ $(PROGRAM)

# Pinned in a module of their own: none of their trees gets near the product.
$(SUPPLY) &: tools/supply/go.mod tools/supply/go.sum
	mkdir -p out/bin && cd tools/supply && CGO_ENABLED=0 go build -trimpath -o ../../out/bin/ tool
	touch $(SUPPLY)

venv: out/venv/.made ## make the virtual environment of the Python clients of the suites, in out/venv

out/venv/.made: e2e/python/requirements.txt
	python3 -m venv --clear out/venv
	out/venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r e2e/python/requirements.txt
	touch $@

clean: ## remove what the targets made
	rm -rf $(BIN) out
