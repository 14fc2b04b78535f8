package gateway_test

import (
	"context"
	"fmt"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

func Example() {
	ctx, stop := context.WithCancel(context.Background())
	g := gateway.New(gateway.Config{Name: "rw", Address: "127.0.0.1:0", Track: boltframe.Track})
	ended := make(chan error)
	go func() { ended <- g.Run(ctx) }()

	g.Follow(gateway.Route{Epoch: 7, Flow: gateway.Open, Upstreams: []string{"127.0.0.1:7687"}})
	g.Follow(gateway.Route{Epoch: 8, Flow: gateway.Paused, Upstreams: []string{"127.0.0.1:7687"}, Drain: true})
	for g.Status().Applied < 8 {
		<-g.Changes()
	}
	fmt.Println("every session stands between two transactions")
	stop()
	fmt.Println(<-ended)
	// Output:
	// every session stands between two transactions
	// <nil>
}
