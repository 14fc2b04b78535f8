package sim

import (
	"strings"
	"time"

	"github.com/stretchr/testify/assert"

	"memgraph-controller/clusters/standin"
)

// judge looks at an order to a database before it is sent.
func (c *Cluster) judge(main, query string) {
	if replica, ok := strings.CutPrefix(query, "DROP REPLICA "); ok {
		c.judgeDrop(main, strings.Trim(replica, "`;"))
	}
}

// silentFor is how long a replica may be silent without anybody knowing.
const silentFor = 500 * time.Millisecond

// judgeDrop: to drop a replica whose process lives and does not answer kills the
// main (memgraph-observed 1.2).
func (c *Cluster) judgeDrop(main, replica string) {
	for _, i := range c.instances {
		if strings.ReplaceAll(i.name, "-", "_") == replica { // as it is registered
			since := i.frozen.Load()
			silent := since != nil && time.Since(*since) > silentFor
			assert.False(c.t, silent, "%s is told to drop %s, which is frozen", main, replica)
		}
	}
}

// froze notes since when a process is frozen; nil while it is not.
func (i *instance) froze(faults standin.FaultSet) {
	if !faults.Freeze {
		i.frozen.Store(nil)
	} else if i.frozen.Load() == nil {
		now := time.Now()
		i.frozen.Store(&now)
	}
}
