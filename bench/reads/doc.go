// Package reads measures what the read gateway is for, on a kind cluster: how many reads
// there are, and how long they take, through the write gateway, where the main answers
// all of them, and through the read gateway, with 1 to 4 replicas behind it.
// docs/bench/reads.md explains how, and what limits it.
//
//	BENCH_READS=1 go test -count=1 -timeout 60m -v ./bench/reads
//	BENCH_READS=1 REUSE=1 KEEP=1 SIZES=2,3 go test -count=1 -timeout 60m -v ./bench/reads
//
// Without BENCH_READS=1 the bench is skipped. REUSE, KEEP, HELM, PYTHON_VENV and REPORT_DIR
// mean what they mean to package e2e/kube, whose cluster this is.
//
// The parts: ratio (pairs and confidence intervals), usage (what the kernel says of CPU
// time), figures (raw results, goals and the gate), page (the report).
package reads
