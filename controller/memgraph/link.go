package memgraph

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
)

// Link is one connection to an instance, which its first Run opens. The client
// uses a link from one goroutine at a time, and after an error that is no
// *Failure it only closes it.
type Link interface {
	// Run runs query as a transaction of its own, which replication statements
	// have to be, and returns all its rows by column names. It ends with ctx. A
	// connection that was lost since the last Run is replaced, but no query is
	// sent twice. A refusal by the server is a *Failure, which leaves the
	// connection usable; of every other error errors.Is finds the cause: the
	// context's, syscall.ECONNREFUSED, syscall.ECONNRESET.
	Run(ctx context.Context, query string) (rows []map[string]any, err error)
	// Close ends the connection, opened or not, without waiting for the server.
	Close(ctx context.Context)
}

// link is a Link over TCP. It is a driver of its own, held to a pool of one, so
// that nothing but its owner decides when a connection is opened or reused.
type link struct {
	address string
	driver  neo4j.DriverWithContext
	broken  error
}

// row is one row of a result by column names.
type row = map[string]any

// dialDriver is Config.Dial unless another is given.
func (config Config) dialDriver(address string) Link {
	return Dial(address, config.User, config.Password, config.TLS)
}

// Dial prepares one connection to host:port, for whoever has plain questions and no
// instance to manage. An empty user means without credentials, and no secure without
// TLS. The caller closes it.
func Dial(address, user, password string, secure *tls.Config) Link {
	auth := neo4j.NoAuth()
	if user != "" {
		auth = neo4j.BasicAuth(user, password, "")
	}
	scheme := "bolt://"
	if secure != nil {
		// With bolt+s the driver would look for the address in the certificate; what is to
		// be verified is up to TLS.
		scheme = "bolt+ssc://"
	}
	driver, err := neo4j.NewDriverWithContext(scheme+address, auth, single, secured(secure))
	return &link{address: address, driver: driver, broken: err}
}

// secured makes the driver speak TLS in a way, if its scheme says so.
func secured(by *tls.Config) func(*config.Config) {
	return func(config *config.Config) { config.TlsConfig = by }
}

// single makes the driver a plain connection: no timers but those of the
// context, no log, no telemetry, no second connection.
func single(config *config.Config) {
	config.MaxConnectionPoolSize = 1
	config.ConnectionAcquisitionTimeout = -1
	config.SocketConnectTimeout = 0
	// Each use is preceded by a RESET, so that a connection whose server went
	// away in the meantime is replaced and not reported as an error.
	config.ConnectionLivenessCheckTimeout = 0
	config.FetchSize = neo4j.FetchAll
	config.TelemetryDisabled = true
	config.UserAgent = "memgraph-controller"
}

// Run implements Link. The driver never retries such a query.
func (l *link) Run(ctx context.Context, query string) ([]row, error) {
	if l.broken != nil {
		return nil, l.broken
	}
	records, err := l.collect(ctx, query)
	// What arrived when the time was up does not count: in that instant the
	// driver takes a read that it skipped for one that succeeded, and may see an
	// older message of the connection again.
	if cause := ended(ctx); cause != nil {
		return nil, fmt.Errorf("no answer from %s: %w", l.address, cause)
	}
	if err != nil {
		return nil, l.explain(err)
	}
	rows := make([]row, len(records))
	for i, record := range records {
		rows[i] = record.AsMap()
	}
	return rows, nil
}

func (l *link) collect(ctx context.Context, query string) ([]*neo4j.Record, error) {
	session := l.driver.NewSession(ctx, neo4j.SessionConfig{})
	defer func() { _ = session.Close(ctx) }()
	result, err := session.Run(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	return result.Collect(ctx)
}

// Close implements Link. The driver says goodbye to the server in the
// background, also when ctx has ended, so that a server that hangs does not hold
// up anybody here.
func (l *link) Close(ctx context.Context) {
	if l.driver != nil {
		_ = l.driver.Close(ctx)
	}
}

// explain turns the driver's error into one whose cause errors.Is finds: the
// driver's own types for a lost or slow connection do not unwrap.
func (l *link) explain(err error) error {
	var answer *neo4j.Neo4jError
	if errors.As(err, &answer) {
		return &Failure{Code: answer.Code, Text: answer.Msg}
	}
	var lost *neo4j.ConnectivityError
	if errors.As(err, &lost) {
		err = lost.Inner
	}
	return fmt.Errorf("talk to %s: %w", l.address, err)
}

// ended tells why ctx has ended, nil while it has not. A dial gives up at the
// deadline by a timer of its own, which may fire just before the context's.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	if deadline, ok := ctx.Deadline(); err == nil && ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return err
}
