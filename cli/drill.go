package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"memgraph-controller/cli/cluster"
	"memgraph-controller/cli/drill"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/memgraph"
)

type drillCommand struct {
	clusterFlags
	Fault    string        `arg:"" enum:"kill-main,kill-voter,kill-controller,switchover" help:"What happens: ${enum}. What is killed is killed by force, without notice; the controller is the one that leads."`
	Within   time.Duration `help:"The longest that clients may have to wait; a longer wait fails the drill." default:"5s"`
	Timeout  time.Duration `help:"How long to wait until the cluster is whole again." default:"3m"`
	Writes   bool          `help:"Write too: to one node of its own (label MemgraphDrill), which is removed afterwards."`
	Write    string        `help:"The write gateway as your clients reach it. Default: through the API server." placeholder:"HOST:PORT"`
	Read     string        `help:"The read gateway as your clients reach it. Default: through the API server." placeholder:"HOST:PORT"`
	User     string        `help:"User of the database. Default: the release's, read from its Secret." env:"MEMGRAPH_USER"`
	Password string        `help:"The user's password." env:"MEMGRAPH_PASSWORD"`
	TLS      bool          `name:"database-tls" help:"The database speaks TLS; its certificate is not looked at. Default: as the release's controllers do."`
	Yes      bool          `help:"Do not ask." short:"y"`
}

const (
	// servedWithin is how long the clients may take to be served before anything is
	// broken.
	servedWithin = 10 * time.Second
	// lookEvery is the time between two looks at the cluster.
	lookEvery = 200 * time.Millisecond
	// looksForOrder is how often a cluster is looked at in which an instance is not in
	// order: for half a minute.
	looksForOrder = 150
	// tail is how long clients go on after the cluster is whole.
	tail = 2 * time.Second
)

// Run breaks one thing, if everything is in order, and says what clients saw of it.
func (c *drillCommand) Run(ctx context.Context, terminal *Terminal) error {
	r, err := c.reachForDrill(ctx, terminal)
	if err != nil {
		return err
	}
	d := &drilling{drillCommand: c, terminal: terminal, r: r}
	defer func() { d.r.close() }()
	if d.before, err = d.fit(ctx); err != nil {
		return err
	}
	if d.victim, err = d.target(ctx); err != nil {
		return err
	}
	terminal.printf("%s\n", printable(d.announcement()))
	if !c.Yes {
		if err := terminal.confirm("Go on?"); err != nil {
			return err
		}
	}
	gateways, done, err := d.gateways(ctx)
	if err != nil {
		return err
	}
	defer done()
	return d.carryOut(ctx, gateways)
}

// reachForDrill reaches the cluster, with the token where the fault needs it.
func (c *drillCommand) reachForDrill(ctx context.Context, terminal *Terminal) (*reached, error) {
	if c.Fault == switchOver {
		return c.forChange(ctx, terminal)
	}
	return c.reach(ctx, terminal)
}

// drilling is a drill at work.
type drilling struct {
	*drillCommand
	terminal *Terminal
	r        *reached
	before   api.Status
	known    []api.Failover
	victim   victim
	// seen is the newest transition that was printed.
	seen time.Time
}

// fit looks at the cluster and refuses where the fault would be a risk. What may pass
// is waited for.
func (d *drilling) fit(ctx context.Context) (status api.Status, err error) {
	err = d.terminal.during("waiting until every instance is in order", func() error {
		for look := 1; ; look++ {
			if status, err = d.r.Status(ctx); err != nil {
				return d.r.explain(err)
			}
			why, passing := unfit(status, d.Fault), disorder(status)
			switch {
			case why == "" && passing == "":
				return nil
			case why != "" || look == looksForOrder:
				return refusal{fmt.Sprintf("a drill would be a risk now: %s (nothing was done; see %s)",
					cmp.Or(why, passing), d.terminal.call("explain"))}
			}
			pause(ctx, lookEvery)
		}
	})
	return status, err
}

// announcement says what will happen and what it costs.
func (d *drilling) announcement() string {
	follows := map[string]string{
		killMain:       fmt.Sprintf("%s becomes main; it has every acknowledged write", d.before.Record.Voter),
		killVoter:      "another replica votes in its place; the main stays",
		killController: "another one leads; its clients connect anew to the others",
		switchOver:     fmt.Sprintf("it hands over to %s between two transactions", d.before.Record.Voter),
	}[d.Fault]
	text := fmt.Sprintf("%s of %s: %s %s. Then %s.", d.Fault, d.r.place, d.victim, d.victim.fate(d.Fault), follows)
	text += fmt.Sprintf("\nClients may have to wait, and a query that is under way may fail; more than %s without an answer fails the drill.", d.Within)
	if d.Writes {
		text += fmt.Sprintf("\nOne node with the label %s is written to and removed.", drill.Label)
	}
	return text
}

// gateways are where the drill's clients are sent, and what ends the ways there.
func (d *drilling) gateways(ctx context.Context) (gateways []drill.Gateway, done func(), err error) {
	var services []*cluster.Service
	done = func() {
		for _, s := range services {
			s.Close()
		}
	}
	user, password, err := d.login(ctx)
	if err != nil {
		return nil, done, err
	}
	secure := d.secure()
	for _, g := range d.before.Gateways {
		one := map[string]struct {
			name, given string
			port        int
		}{
			"rw": {"the write gateway", d.Write, cluster.WritePort},
			"ro": {"the read gateway", d.Read, cluster.ReadPort},
		}[g.Name]
		address := one.given
		if address == "" {
			address = g.Address
		}
		if one.given == "" && d.r.release != nil {
			service, err := d.r.release.Service(one.port)
			if err != nil {
				done()
				return nil, func() {}, err
			}
			services = append(services, service)
			address = service.Address
		}
		gateways = append(gateways, drill.Gateway{
			Name: one.name, Writes: d.Writes && g.Name == "rw",
			Dial: func() memgraph.Link { return memgraph.Dial(address, user, password, secure) },
		})
	}
	return gateways, done, nil
}

// login is who the clients are.
func (d *drilling) login(ctx context.Context) (user, password string, err error) {
	if d.User != "" || d.r.release == nil {
		return d.User, d.Password, nil
	}
	if user, err = d.r.release.Credential(ctx, cluster.UserVariable); err == nil {
		password, err = d.r.release.Credential(ctx, cluster.PasswordVariable)
	}
	if err != nil {
		return "", "", fmt.Errorf("user of the database: %w; or give it with --user and --password", err)
	}
	return user, password, nil
}

// secure is the TLS that the clients speak; nil: none.
func (d *drilling) secure() *tls.Config {
	if !d.TLS && (d.r.release == nil || !d.r.release.DatabaseTLS()) {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12}
}

// carryOut sets clients to work, breaks what is to be broken, and waits until the
// cluster is whole.
func (d *drilling) carryOut(ctx context.Context, gateways []drill.Gateway) error {
	crew := drill.Start(ctx, gateways)
	began := time.Now()
	stop := func() []drill.Seen { return crew.Stop(ctx, began) }
	err := d.terminal.during("clients connect", func() error { return crew.Served(ctx, servedWithin) })
	if err != nil {
		stop()
		return fmt.Errorf("nothing was done, because clients are not served as it is: %w", err)
	}
	if err := d.again(ctx); err != nil {
		stop()
		return err
	}
	began = time.Now()
	d.terminal.printf("%s  %s %s\n", began.Format("15:04:05.000"), d.victim, d.victim.fate(d.Fault))
	if err := d.victim.strike(ctx, d); err != nil {
		stop()
		return fmt.Errorf("%s: %w", d.Fault, err)
	}
	healed := d.untilWhole(ctx, crew, began)
	if healed == nil {
		pause(ctx, tail)
	}
	return d.judge(ctx, stop(), healed, began)
}

// again looks once more before anything is broken: it may have changed while somebody was
// asked, and who was the main may have another office by now, or another process.
func (d *drilling) again(ctx context.Context) (err error) {
	if d.before, err = d.fit(ctx); err != nil {
		return err
	}
	now, err := d.target(ctx)
	if err == nil && now != d.victim {
		err = refusal{fmt.Sprintf("%s is not what it was when you were asked: nothing was done, try again", d.victim)}
	}
	if err == nil {
		d.known, err = d.r.Failovers(ctx)
	}
	return err
}

func pause(ctx context.Context, length time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(length):
	}
}

// untilWhole waits until the fault took effect, the cluster is in order again and
// clients are answered.
func (d *drilling) untilWhole(ctx context.Context, crew *drill.Crew, began time.Time) error {
	limited, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	missing, whole := "no controller answers", time.Time{}
	return d.terminal.during("waiting until the cluster is whole", func() error {
		for {
			if status, err := d.look(limited); err == nil && whole.IsZero() {
				d.tell(status)
				if missing = d.unhealed(status); missing == "" {
					whole, missing = time.Now(), "clients are not answered"
					d.terminal.printf("%s  the cluster is whole again, after %s\n", whole.Format("15:04:05.000"), short(whole.Sub(began)))
				}
			}
			if !whole.IsZero() && crew.AnsweredSince(whole) {
				return nil
			}
			select {
			case <-limited.Done():
				if ctx.Err() != nil {
					return errors.New("interrupted")
				}
				return fmt.Errorf("the cluster is not whole after %s: %s; see %s", d.Timeout, missing, d.terminal.call("explain"))
			case <-time.After(lookEvery):
			}
		}
	})
}

// unhealed says what is not yet as it has to be at the end.
func (d *drilling) unhealed(status api.Status) string {
	if what := d.victim.unchanged(status); what != "" {
		return what
	}
	// The controller that was killed is replaced by Kubernetes: whoever is left
	// suffices.
	return cmp.Or(unfit(status, switchOver), disorder(status))
}

// look asks for the status. A controller that was killed is replaced by another.
func (d *drilling) look(ctx context.Context) (api.Status, error) {
	status, err := d.r.Status(ctx)
	if err == nil || d.r.release == nil || ctx.Err() != nil {
		return status, err
	}
	other, err := d.find(ctx)
	if err != nil {
		return status, err
	}
	d.r.close()
	d.r = other
	return d.r.Status(ctx)
}

// tell prints what has changed since the last look.
func (d *drilling) tell(status api.Status) {
	if d.seen.IsZero() && len(d.before.Transitions) > 0 {
		d.seen = d.before.Transitions[len(d.before.Transitions)-1].Time
	}
	for _, t := range status.Transitions {
		if t.Time.After(d.seen) {
			d.terminal.printf("%s\n", transitionLine(t))
			d.seen = t.Time
		}
	}
}

// followed are the failovers that came of the fault.
func (d *drilling) followed(ctx context.Context) ([]api.Failover, error) {
	failovers, err := d.r.Failovers(ctx)
	return slices.DeleteFunc(failovers, func(f api.Failover) bool {
		return slices.ContainsFunc(d.known, func(known api.Failover) bool { return known.ID == f.ID })
	}), err
}
