// Package kube proves the promises on real Kubernetes: it makes a kind cluster,
// installs the chart with helm, lets real drivers write and read through the
// gateways, breaks pods, processes, nodes, the network and the API server, and
// checks what clients saw and what every database holds.
//
//	E2E=1 go test -count=1 -timeout 80m -v ./e2e/kube                 # everything
//	E2E=1 REUSE=1 KEEP=1 go test -count=1 -v -run Drain ./e2e/kube    # one, on a cluster that stays
//
// Without E2E=1 its tests are skipped. The environment:
//
//	FULL=1      the promised number of rounds instead of a few
//	REUSE=1     go on with the cluster that is there, with the chart upgraded
//	KEEP=1      leave the cluster when the suite ends
//	HELM        the helm program; default out/bin/helm
//	PYTHON_VENV the virtual environment of the Python client; default out/venv
//	REPORT_DIR  where e2e-kind.json, e2e-kind.md and, for each test that fails, a
//	            folder with all that a person needs are written
//
// and those of package clusters. Each test leaves the cluster whole for the next
// one and may be run alone.
//
// # When a test is void
//
// A test proves something only if its fault was seen to take effect (another
// process, another pod, packets that were dropped) and if there was load: writes
// at 60 % of the intended rate before the fault, and at 60 % of that rate after
// it. Otherwise it fails as void.
//
// # How things are reached
//
// Clients outside the cluster use node ports that kind maps to 127.0.0.1, as a
// load balancer would lead to them. Databases are read directly, past gateways
// and network policies, by port-forwards through the API server; what the kernel
// knows of their sockets and costs comes from the nodes (package node).
package kube
