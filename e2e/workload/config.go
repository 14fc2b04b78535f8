package workload

import (
	"strings"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
)

// Config is a load.
type Config struct {
	// Write and Read are the addresses of the gateways, host:port.
	Write, Read string
	// FirstID is the id of the first write; the next ones follow it. Loads that
	// write into one database need ranges that do not meet. Default 1.
	FirstID int64
	// Writers and Readers are how many clients there are of each that wait for
	// their own answers.
	Writers, Readers int
	// WriteEvery and ReadEvery are the time between two operations of one
	// client. Default 20 ms and 20 ms.
	WriteEvery, ReadEvery time.Duration
	// ConnectEvery is the time between two clients that connect anew, alternating
	// between the gateways; 0: none do.
	ConnectEvery time.Duration
	// Rates are of operations that wait for nobody.
	Rates Rates
	// Lines gets each operation as it ends; nil: nobody does.
	Lines *Encoder
}

// Rates are how many operations of each kind begin in a second, whether or not
// those before have ended. 0: none.
type Rates struct {
	Writes  float64 `help:"Writes per second."`
	Reads   float64 `help:"Reads of one record per second."`
	Streams float64 `help:"Reads of many records per second, pulled in fetches."`
	// Connects are of new clients, alternating between the gateways: a driver is
	// opened, one record read, the driver closed.
	Connects float64 `help:"New clients per second."`
	// Explicit is the share of writes, 0 to 1, that begin and commit their
	// transaction themselves. No driver repeats such a one: an error of it is no
	// fault, unless the same happens to managed transactions.
	Explicit float64 `help:"Share of writes in explicit transactions, 0 to 1."`
	// Scanners are clients with a driver each, as those of many applications, that
	// count the nodes which Seed made: the database has more to do for a scan than
	// its client has. At Scans of 0 each begins the next one when it has its answer;
	// else so many are due in a second, with gaps by chance as independent clients
	// leave them, and the scanners take turns.
	Scanners int     `help:"Clients that count the nodes of a label."`
	Scans    float64 `help:"Counts per second of all scanners, at random times; 0: each again once it is answered."`
}

func (c Config) withDefaults() Config {
	if c.WriteEvery == 0 {
		c.WriteEvery = 20 * time.Millisecond
	}
	if c.ReadEvery == 0 {
		c.ReadEvery = 20 * time.Millisecond
	}
	if c.FirstID == 0 {
		c.FirstID = 1
	}
	return c
}

// Driver opens a driver as an application would: with its defaults, but for the
// telemetry. Errors that managed transactions may retry are retried for 30 s.
func Driver(address string) (neo4j.DriverWithContext, error) {
	return neo4j.NewDriverWithContext("bolt://"+address, neo4j.NoAuth(), func(c *config.Config) { c.TelemetryDisabled = true })
}

// clientName is the language and the driver's version.
func clientName() string {
	_, version, _ := strings.Cut(neo4j.UserAgent, "/")
	return "go " + version
}
