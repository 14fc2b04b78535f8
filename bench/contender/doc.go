// Package contender has what the benchmarks compare: ways from a client to the
// upstream, each a process of its own on a loopback address.
//
//	direct           nothing between: what the peers themselves take
//	gateway, writes  the gateway as the controller runs it for writers
//	gateway, reads   the same for readers
//	io.Copy          the plainest proxy in Go: two io.Copy for each connection
//	haproxy          HAProxy in TCP mode
//	haproxy splice   the same with option splice-request and splice-response
//	nginx            nginx's stream module
//
// All have the same number of threads: GOMAXPROCS of the Go programs, nbthread of
// HAProxy, worker_processes of nginx. HAProxy and nginx have no option but those
// that let them take 10,000 sessions and wait for them as long as the gateway does:
// no log, no health check, no limit. With splice-auto instead HAProxy 2.6 was not seen
// to splice an answer of 64 MiB.
package contender
