// Package api is how the outside sees one controller and what it may ask of it:
// the JSON types, the HTTP server, the Go client, the metrics and the OpenAPI
// document that describes them.
//
// It decides nothing and keeps nothing: every answer is made from one call of a
// [Backend], which the controller implements. The command line uses the same
// types through [Client], so there is one place where a field is named.
//
// Serving:
//
//	registry := prometheus.NewRegistry()
//	failovers := api.NewFailoverMetrics()      // the controller calls failovers.Observe
//	registry.MustRegister(failovers)
//	server, err := api.New(api.Config{
//		Address: "127.0.0.1:8080", Backend: controller, Registry: registry, Log: log,
//	})
//	...
//	err = server.Run(ctx)                      // until ctx ends
//
// Asking:
//
//	client := api.Client{Base: "http://127.0.0.1:8080"}
//	status, err := client.Status(ctx)
//
// # Conventions of the JSON
//
// Keys are lower case with underscores. Points in time are RFC 3339 with a
// fraction; one that has not come yet is left out. Lengths of time are numbers
// of seconds with a fraction ([Duration]) and their keys end in _seconds. The
// one exception is what a person writes: [PauseRequest] takes "10m" ([Period]).
// Errors are objects with the keys error and hint ([Error]).
//
// # Who may change something
//
// Reading is open to whoever reaches the port. Calls that change something need
// the token, compared in constant time; a server without a token takes them only
// while it is bound to a loopback address, and then only from programs and pages
// of this machine: a foreign Host (DNS rebinding) or a foreign page (cross-site
// request forgery) is refused.
//
// A [Reviewer] can let in others by tokens of their own. Their names, and no others that a
// request claims, are in the log, the record and the Events then. Where it cannot decide
// it refuses; the server's own token needs it for nothing.
package api
