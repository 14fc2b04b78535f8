package clients

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"memgraph-controller/e2e/workload"
)

// Language is what a client is written in.
type Language string

// The languages.
const (
	Go     Language = "go"
	Python Language = "python"
)

// Config is what a client is to do.
type Config struct {
	// Write and Read are the addresses of the gateways, host:port, as the client
	// sees them.
	Write, Read string
	// FirstID begins the client's range of ids; clients of one test need ranges
	// that do not meet. Default 1.
	FirstID int64
	workload.Rates
}

// flags are those that every client takes.
func (c Config) flags() []string {
	rate := func(name string, value float64) string {
		return "--" + name + "=" + strconv.FormatFloat(value, 'g', -1, 64)
	}
	return []string{
		"--write=" + c.Write, "--read=" + c.Read, "--first-id=" + strconv.FormatInt(max(c.FirstID, 1), 10),
		rate("writes", c.Writes), rate("reads", c.Reads), rate("streams", c.Streams), rate("connects", c.Connects), rate("explicit", c.Explicit),
		"--scanners=" + strconv.Itoa(c.Scanners), rate("scans", c.Scans),
	}
}

// IDsOfOne is the size of the range of ids of one client: more than it can write in a
// suite.
const IDsOfOne = 1_000_000_000

// Client is a client at work. Its methods may be used concurrently.
type Client interface {
	// Acknowledged counts its acknowledged writes so far.
	Acknowledged() int
	// History returns a copy of what it saw so far.
	History() workload.History
	// Stop ends it and returns what it saw. It is an error if it ended before by
	// itself, or if its history is not whole. Later calls return the same.
	Stop(ctx context.Context) (workload.History, error)
}

// Stop stops clients, all at once, and merges what they saw.
func Stop(ctx context.Context, clients ...Client) (workload.History, error) {
	histories, failures := make([]workload.History, len(clients)), make([]error, len(clients))
	var all errgroup.Group
	for i, c := range clients {
		all.Go(func() error {
			histories[i], failures[i] = c.Stop(ctx)
			return nil
		})
	}
	_ = all.Wait() // every client is stopped, whatever becomes of the others
	merged, err := workload.Merge(histories...)
	return merged, errors.Join(append(failures, err)...)
}

// Start runs a client on this machine and returns when it is at work: a Go client
// in this process, a Python client in one of its own. ctx bounds the start only.
func Start(ctx context.Context, language Language, config Config) (Client, error) {
	switch language {
	case Go:
		return startHere(ctx, config)
	case Python:
		return startPython(ctx, config)
	}
	return nil, fmt.Errorf("no client is written in %q", language)
}
