// Package kube breaks a release of the chart on a kind cluster, under load, in every
// way that package fault knows, and judges what clients saw: docs/development.md explains
// the suite, how a fault is added and how its reports are read.
//
//	CHAOS=1 go test -count=1 -timeout 30m -v ./chaos/kube                      # the selection of `make chaos`
//	CHAOS=1 FULL=1 go test -count=1 -timeout 90m -v ./chaos/kube               # every fault and hold time
//	CHAOS=1 REUSE=1 KEEP=1 go test -count=1 -v -run 'Faults/partitions' ./chaos/kube
//	CHAOS=1 ROUNDS=20 CASE='kill main' go test -count=1 -timeout 90m -v ./chaos/kube # the same batch again and again
//	CHAOS=1 HOURS=2 SEED=7 go test -count=1 -timeout 0 -v -run Soak ./chaos/kube
//
// Without CHAOS=1 its tests are skipped. REUSE, KEEP, HELM, PYTHON_VENV and
// REPORT_DIR mean what they mean to package e2e/kube, whose cluster this is.
//
// A round is one fault: the release is whole, clients write at their rate; the fault
// is prepared, injected, seen to act, held, healed and seen to be gone; the release is
// whole again. What was acknowledged until then has to be held by the main. A batch is
// rounds with the same clients; after it every instance has to hold the same, and the
// whole history is checked.
package kube
