package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// guests is the site of instances that somebody else runs. They cannot be emptied
// between two facts as a disk can, only in what clients see: so they have to agree
// with each other all the time, and a fact that leaves them diverged is not asked.
type guests struct {
	all     []*guest
	checked bool
	broken  error // they could not be brought together any more
	next    int   // the one to hand out next
}

// guest is the place of an instance that somebody else runs.
type guest struct {
	address string // of Bolt
	host    string // for replication
	port    int
	driver  neo4j.DriverWithContext
}

var errNotOurs = errors.New("this instance is run by somebody else: the fact has to say that it needs control")

// newGuests reads addresses: bolt or bolt=replication, with commas between.
func newGuests(text string) (*guests, error) {
	g := &guests{}
	for _, item := range strings.Split(text, ",") {
		guest, err := newGuest(strings.TrimSpace(item))
		if err != nil {
			return nil, fmt.Errorf("ADDRESSES: %q: %w", item, err)
		}
		g.all = append(g.all, guest)
	}
	return g, nil
}

func newGuest(text string) (*guest, error) {
	bolt, replication, differs := strings.Cut(text, "=")
	host, port, err := hostPort(bolt)
	if err != nil {
		return nil, err
	}
	g := &guest{address: bolt, host: host, port: port + replicationPort - boltPort}
	if differs {
		if g.host, g.port, err = hostPort(replication); err != nil {
			return nil, err
		}
	}
	g.driver, err = newDriver(bolt, neo4j.NoAuth())
	return g, err
}

func hostPort(text string) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(text)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(number)
	return host, port, err
}

func (g *guests) String() string {
	var addresses []string
	for _, one := range g.all {
		addresses = append(addresses, one.address)
	}
	return "the instances at " + strings.Join(addresses, ", ")
}

func (g *guests) lacks(n need) string {
	switch n {
	case control:
		return "it kills, stops or starts instances, and these are run by somebody else"
	case fresh:
		return "it needs instances without history or users, or leaves some that have to be emptied, and these are run by somebody else"
	}
	return "it needs containers (MEMGRAPH_IMAGE)"
}

// close leaves them without data.
func (g *guests) close() error {
	err := g.broken
	if err == nil && g.checked {
		err = g.settle()
	}
	for _, one := range g.all {
		_ = one.driver.Close(context.Background())
	}
	return err
}

// place hands the instances out: the first is a main without replicas and without
// data, the others are replicas that hold the same, and nobody has registered them.
func (g *guests) place(t *testing.T, _ string) place {
	t.Helper()
	if g.next == 0 {
		g.meet(t)
	}
	if g.next == len(g.all) {
		skip(t, fmt.Sprintf("it needs more than %d instances", len(g.all)))
	}
	g.next++
	t.Cleanup(func() { g.next = 0 })
	return g.all[g.next-1]
}

// meet makes them ready for a fact.
func (g *guests) meet(t *testing.T) {
	t.Helper()
	if g.broken != nil {
		skip(t, g.broken.Error())
	}
	if !g.checked {
		if g.broken = g.empty(); g.broken != nil {
			unusable(t, g.broken)
		}
		g.checked = true
	}
	if g.broken = g.settle(); g.broken != nil {
		unusable(t, g.broken)
	}
}

// empty refuses instances with data: somebody may need them.
func (g *guests) empty() error {
	for _, one := range g.all {
		found, err := one.ask("MATCH (n) RETURN count(n)")
		if err != nil {
			return fmt.Errorf("%s: %w", one.address, err)
		}
		if n := found.rows[0][0]; n != int64(0) {
			return fmt.Errorf("%s holds %d nodes: the suite deletes everything, give it instances without data", one.address, n)
		}
	}
	return nil
}

// settle brings them together under the one that has what all others have, whose
// data it deletes, and puts that one first. Which it is after a fact can only be
// found by trying: whoever holds more than it is refused, or stays invalid.
func (g *guests) settle() error {
	var all error
	for i, candidate := range g.all {
		others := append(append([]*guest{}, g.all[:i]...), g.all[i+1:]...)
		err := candidate.lead(others)
		if err == nil {
			g.all = append([]*guest{candidate}, others...)
			return nil
		}
		all = errors.Join(all, err)
	}
	return fmt.Errorf("the instances cannot be brought together: %w", all)
}

// lead makes g the main of others until they are as empty as it is.
func (g *guest) lead(others []*guest) error {
	for _, one := range others {
		_, _ = one.ask(one.demotion()) // it may be a replica already
	}
	_, _ = g.ask(g.demotion()) // forgets its replicas
	if _, err := g.ask(toMain); err != nil {
		return err
	}
	for i, one := range others {
		if _, err := g.ask(fmt.Sprintf("REGISTER REPLICA r%d SYNC TO '%s:%d'", i, one.host, one.port)); err != nil {
			return fmt.Errorf("%s under %s: %w", one.address, g.address, err)
		}
	}
	if err := g.followed(len(others)); err != nil {
		return err
	}
	if _, err := g.ask("MATCH (n) DETACH DELETE n"); err != nil {
		return err
	}
	if err := g.followed(len(others)); err != nil {
		return err
	}
	for i := range others {
		if _, err := g.ask(fmt.Sprintf("DROP REPLICA r%d", i)); err != nil {
			return err
		}
	}
	return nil
}

// followed waits until so many replicas are ready and miss nothing.
func (g *guest) followed(replicas int) error {
	for deadline := time.Now().Add(patience / 2); ; time.Sleep(pause) {
		shown, err := g.ask("SHOW REPLICAS")
		if err != nil {
			return err
		}
		ready := 0
		for _, row := range readReplicas(shown) {
			if row.status == "ready" && row.behind == 0 {
				ready++
			}
		}
		if ready == replicas {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("replicas of %s do not become ready: %v", g.address, shown.rows)
		}
	}
}

func (g *guest) demotion() string {
	return fmt.Sprintf("SET REPLICATION ROLE TO REPLICA WITH PORT %d", g.port)
}

func (g *guest) ask(query string) (table, error) {
	return tryAs(context.Background(), g.driver, query)
}

func (g *guest) bolt() string                { return g.address }
func (g *guest) boltPort() int               { _, port, _ := hostPort(g.address); return port }
func (g *guest) replication() (string, int)  { return g.host, g.port }
func (g *guest) signal(syscall.Signal) error { return errNotOurs }
func (g *guest) wipe() error                 { return errNotOurs }
func (g *guest) log() string                 { return "" }
func (g *guest) twin(t *testing.T) place     { t.Fatal(errNotOurs); return nil }

// launch has nothing to do: it runs.
func (g *guest) launch(flags ...string) (*life, error) {
	if len(flags) > 0 {
		return nil, errNotOurs
	}
	return &life{ended: make(chan struct{})}, nil
}
