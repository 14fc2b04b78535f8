package workload

import (
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
)

// Config is a load.
type Config struct {
	// Write and Read are the addresses of the gateways, host:port.
	Write, Read string
	// Writers and Readers are how many clients there are of each.
	Writers, Readers int
	// WriteEvery and ReadEvery are the time between two operations of one
	// client. Default 20 ms and 20 ms.
	WriteEvery, ReadEvery time.Duration
	// ConnectEvery is the time between two clients that connect anew, alternating
	// between the gateways; 0: none do.
	ConnectEvery time.Duration
}

func (c Config) withDefaults() Config {
	if c.WriteEvery == 0 {
		c.WriteEvery = 20 * time.Millisecond
	}
	if c.ReadEvery == 0 {
		c.ReadEvery = 20 * time.Millisecond
	}
	return c
}

// Driver opens a driver as an application would: with its defaults, but for the
// telemetry. Errors that managed transactions may retry are retried for 30 s.
func Driver(address string) (neo4j.DriverWithContext, error) {
	return neo4j.NewDriverWithContext("bolt://"+address, neo4j.NoAuth(), func(c *config.Config) { c.TelemetryDisabled = true })
}
