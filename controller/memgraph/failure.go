package memgraph

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	// ErrDiverged: the main refuses the replica's data (REGISTER error 3). Only
	// an emptied data directory helps, or a main with a clean history.
	ErrDiverged = errors.New("the main refuses its data as diverged")
	// ErrUnreachableReplica: the main cannot reach the replication address, or
	// a main answers there (REGISTER error 5).
	ErrUnreachableReplica = errors.New("the main finds no replica at its address")
	// ErrBusy: the statement was refused until the context ended. The last
	// refusal is wrapped beside it.
	ErrBusy = errors.New("refused each time")
	// ErrNoReplicationServer: the instance calls itself a replica, but it does
	// not listen for a main.
	ErrNoReplicationServer = errors.New("it became a replica without a replication server")
)

// Failure is a refusal by the server, in its words. The connection is fine.
type Failure struct {
	Code string // Memgraph.ClientError.…, Memgraph.TransientError.…
	Text string // differs between versions: never compare all of it
}

func (f *Failure) Error() string { return f.Text }

// answered tells whether err is the server's own answer, after which its
// connection can be used again.
func answered(err error) bool {
	var failure *Failure
	return errors.As(err, &failure)
}

// hopeless are parts of refusals that do not pass by waiting, in lower case.
// Every other refusal is taken for a busy lock: a refusal that is not listed
// costs the patience of the context and is then reported in its own words,
// whereas a lock taken for a final error would fail a failover.
var hopeless = []string{
	"coordinator",        // managed by Memgraph's own high availability
	"parsing error",      // a syntax that this version does not know
	"mismatched input",   // the same, 3.5 to 3.12
	"port number",        // role change with a bad port
	"set a port",         // the same, other cases
	"socket address",     // REGISTER with a bad address
	"replica can't",      // REGISTER and DROP on a replica
	"forbidden on the r", // user statements and writes on a replica
	"be run on the main", // SHOW REPLICAS on a replica
	"analytical",         // REGISTER in analytical mode, 3.13
	"in_memory",          // the same, before 3.13
	"multicommand",       // never sent by this package
	"privilege",          // the user may not do it
	"regular expression", // user name or password against the server's rule
}

// passing tells whether waiting may help against a refusal.
func (f *Failure) passing() bool {
	if strings.Contains(f.Code, "Security") {
		return false
	}
	text := strings.ToLower(f.Text)
	for _, part := range hopeless {
		if strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// syntax tells that the server does not know the statement at all.
func (f *Failure) syntax() bool {
	text := strings.ToLower(f.Text)
	return strings.Contains(text, "parsing error") || strings.Contains(text, "mismatched input")
}

// The numbers of REGISTER that mean more than "try again", the same in every
// version that has them (3.5 to 3.13).
const (
	registerDiverged     = 3
	registerNotPersisted = 4
	registerUnreachable  = 5
	registerAnalytical   = 7
)

var registerNumber = regexp.MustCompile(`(?i)\berror:?\s*(\d+)`)

// number is N of "Couldn't register replica x. Error: N", 0 when there is none.
// A replica may have the word in its name, so the last match counts.
func (f *Failure) number() int {
	matches := registerNumber.FindAllStringSubmatch(f.Text, -1)
	if len(matches) == 0 {
		return 0
	}
	n, err := strconv.Atoi(matches[len(matches)-1][1])
	if err != nil {
		return 0
	}
	return n
}

// refused returns the server's refusal in err, nil when err is none.
func refused(err error) *Failure {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure
	}
	return nil
}

func malformed(statement, format string, args ...any) error {
	return fmt.Errorf("%s answered in a form that is not known: %s", statement, fmt.Sprintf(format, args...))
}
