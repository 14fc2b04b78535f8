package sim

import (
	"context"
	"errors"
	"strings"

	"memgraph-controller/chaos/sim/boltclient"
	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/controller/memgraph"
)

// link is a memgraph.Link over the network in memory.
type link struct {
	plane    *controlPlane
	instance string
	address  string
	client   *boltclient.Client // nil until the first Run
}

// Run implements memgraph.Link.
func (l *link) Run(ctx context.Context, query string) (rows []map[string]any, err error) {
	if strings.HasPrefix(query, "SHOW ") {
		return l.run(ctx, query)
	}
	l.plane.judge(l.instance, query)
	err = l.plane.called(func() error {
		rows, err = l.run(ctx, query)
		return err
	})
	return rows, err
}

func (l *link) run(ctx context.Context, query string) ([]map[string]any, error) {
	l.plane.cluster.traffic.statements.Add(1)
	if l.client != nil && l.client.Reset(ctx) != nil {
		l.Close(ctx)
	}
	if l.client == nil {
		client, err := boltclient.Connect(ctx, l.plane.host.Dial, l.address)
		if err != nil {
			return nil, asFailure(err)
		}
		l.client = client
	}
	rows, err := l.client.Query(ctx, query, nil)
	return rows, asFailure(err)
}

// Close implements memgraph.Link.
func (l *link) Close(context.Context) {
	if l.client != nil {
		l.client.Close()
		l.client = nil
	}
}

func asFailure(err error) error {
	var failure *bolt.Failure
	if errors.As(err, &failure) {
		return &memgraph.Failure{Code: failure.Code, Text: failure.Message}
	}
	return err
}
