// Package storm measures what many connections at once are to the gateways: what they
// cost while nothing happens, and how long it takes until all are served again when the
// main is lost.
//
// Several gateways, a process each, share the connections, as those of several
// controllers do. In the storm each gateway is told to cut everything, and a while
// later to let connections pass again; meanwhile every client has opened a new one,
// which is held. A client that was turned away tries again after a second.
//
// Server and clients share the processors with the gateways, and with more gateways
// there are more processes for the same processors: what is measured is an upper bound
// for gateways that have nodes of their own.
package storm
