// Package clients runs the clients of the suites: the load of package workload in
// Go and the same load in Python, each with the unmodified official driver, on
// this machine and as pods of a cluster. All of them work at a fixed open-loop rate
// and give back the same workload.History, which one checker judges.
//
//	config := clients.Config{
//		Write: "127.0.0.1:17687", Read: "127.0.0.1:17688",
//		Rates: workload.Rates{Writes: 50, Reads: 50, Streams: 1, Connects: 5, Explicit: 0.2},
//	}
//	host, err := clients.Start(ctx, clients.Python, config) // or clients.Go
//
//	images, err := site.Clients(ctx, cluster) // clusters.Site: builds and loads them
//	config.Write, config.Read = "memgraph-gateway.db:7687", "memgraph-gateway-read.db:7687"
//	config.FirstID = 1_000_000 // every client has a range of ids of its own
//	pod, err := clients.Run(ctx, kubernetesClient, clients.Pod{Namespace: "clients", Image: images.Go}, clients.Go, config)
//
//	// Both returned when their clients were at work. Break things meanwhile; poll
//	// host.Acknowledged(), which is cheap, or host.History(), which is a copy.
//
//	history, err := clients.Stop(ctx, host, pod) // stops all at once and merges
//	err = history.Check(found)                   // nothing acknowledged is lost, nothing invented
//	errors := history.ManagedErrors()            // what managed transactions let through, by text
//	gap := history.Gap(from, to)                 // and Gaps for their list
//	t.Log(history.Summary())                     // counts and percentiles by client and kind
//
// Stop gives what is under way 15 s to end and returns an error if a client ended
// before, or if a line of its history is missing: a history is whole or it is none.
//
// What a pod saw comes through the API server: while that is away, Acknowledged
// and History stand still, and all of it follows. A pod's log holds 10 minutes of
// 200 operations per second; of a longer run, lines may be missing after the API
// server was away, and Stop says so.
//
// At 100 writes and 100 reads per second a Python client takes about a quarter of
// a processor.
//
// A Python client on this machine needs a virtual environment with the driver,
// which `make venv` makes in out/venv; PYTHON_VENV names another folder. Where
// there is none, Start returns an error that wraps ErrNoVenv.
package clients
