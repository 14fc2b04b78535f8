package kube

import (
	"fmt"
	"time"

	"memgraph-controller/chaos/fault"
)

// Outcome is what a fault has to lead to.
type Outcome string

// The outcomes.
const (
	// Failover: another instance becomes the main.
	Failover Outcome = "failover"
	// Stay: the main stays; a failover is a false one.
	Stay Outcome = "stay"
	// Either: it depends on what the fault happens to hit.
	Either Outcome = "either"
)

// Case is a fault, how long it acts, and what is promised then.
type Case struct {
	Fault fault.Fault
	// Hold is how long it is left to act before it is healed.
	Hold    time.Duration
	Outcome Outcome
	// Gap is the longest time without an acknowledged write; 0: nothing is
	// promised.
	Gap time.Duration
	// Settle: preparing it changes the cluster, which has to be whole again before
	// the fault is injected.
	Settle bool
	// Slow cases take long and are left out of `make chaos`.
	Slow bool
}

func (c Case) String() string {
	if c.Hold == 0 {
		return c.Fault.Name()
	}
	return fmt.Sprintf("%s, %s", c.Fault.Name(), c.Hold)
}

// promised is the bound of every failover, and of whatever is no failover.
const promised = 5 * time.Second
