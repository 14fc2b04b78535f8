package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"memgraph-controller/cli/bundle"
	"memgraph-controller/cli/cluster"
	"memgraph-controller/controller/api"
)

type logsCommand struct {
	clusterFlags
	Failover string `help:"The failover that it is about: an ID of history, or latest. Without any, the last hour." default:"latest" placeholder:"ID"`
	File     string `help:"The archive to write. Default: memgraph-logs-RELEASE-TIME.tar.gz here." short:"f" type:"path" placeholder:"FILE"`
}

const (
	latest = "latest"
	// logsBefore is where the evidence of a failover begins to show, and logsAfter
	// includes the return of the old main.
	logsBefore, logsAfter = 2 * time.Minute, 5 * time.Minute
	// logsWithout is what is taken where no failover is remembered.
	logsWithout = time.Hour
)

// Run writes the bundle. It needs a kubeconfig and no controller that answers: the
// logs of one that does not are what somebody wants.
func (c *logsCommand) Run(ctx context.Context, terminal *Terminal) error {
	if c.Server != "" {
		return usageError{errors.New("logs are read through the kubeconfig: leave out --server and MEMGRAPH_CONTROLLER_SERVER " +
			"(a cluster on this machine keeps its logs in its data directory)")}
	}
	release, err := cluster.Find(ctx, c.where(), Version())
	if err != nil {
		return err
	}
	var said controllersWord
	_ = terminal.during("asking the controllers of "+release.String(), func() error {
		said = c.ask(ctx)
		return nil
	})
	if said.reached != nil {
		defer said.reached.close()
	}
	about, window, err := c.window(terminal, release, said.failovers, time.Now())
	if err != nil {
		return err
	}
	secrets, unread := credentials(ctx, release)
	now := time.Now()
	path := c.File
	if path == "" {
		path = fmt.Sprintf("memgraph-logs-%s-%s.tar.gz", release.Name, now.UTC().Format("20060102-150405"))
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".memgraph-logs-*") // only its owner may read it
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	defer file.Close()
	b := bundle.New(file, about, window, now, secrets...)
	for _, err := range slices.Concat(said.missing, unread) {
		b.Miss("not known", err)
	}
	said.add(b)
	_ = terminal.during("reading logs and events of "+release.String(), func() error {
		bundle.FromKubernetes(ctx, b, release)
		return nil
	})
	if ctx.Err() != nil {
		return errors.New("interrupted: nothing was written")
	}
	if err := finish(b, file, path); err != nil {
		return fmt.Errorf("archive %s: %w", path, err)
	}
	for _, m := range b.Missing() {
		fmt.Fprintf(terminal.Err, "missing: %s\n", printable(strings.TrimPrefix(m, "not known: ")))
	}
	terminal.printf("%s\n", path)
	return nil
}

// controllersWord is what the controllers say.
type controllersWord struct {
	reached   *reached
	status    *api.Status
	failovers []api.Failover
	missing   []error
}

// ask asks the controllers for what they know; that they do not answer is noted.
func (c *logsCommand) ask(ctx context.Context) (said controllersWord) {
	note := func(err error) { said.missing = append(said.missing, err) }
	r, err := c.find(ctx)
	if err != nil {
		note(err)
		return said
	}
	said.reached = r
	if status, err := r.Status(ctx); err != nil {
		note(err)
	} else {
		said.status = &status
	}
	var missing []error
	if said.failovers, missing, err = r.history(ctx); err != nil {
		note(err)
	}
	said.missing = append(said.missing, missing...)
	return said
}

// add adds what they said.
func (said controllersWord) add(b *bundle.Bundle) {
	if said.status != nil {
		b.AddJSON("status.json", "what the leader knows: record, instances, gateways, the decision now and its reason", said.status)
		b.Add("status.txt", "the same as the command status shows it", Table{}.Draw(*said.status))
		b.Add("versions.txt", "versions of this program and of the controllers",
			fmt.Sprintf("memgraph-controller that took this: %s\ncontroller %s: %s\n", Version(), said.status.Controller, said.status.Version))
	}
	if len(said.failovers) > 0 {
		b.AddJSON("history.json", "the failovers and planned changes that the controllers remember, with evidence and phases", said.failovers)
		page := &canvas{}
		page.grid(historyGrid(said.failovers))
		for _, f := range said.failovers {
			page.line()
			page.line(span{text: printable(f.ID)})
			page.out.WriteString(account(f))
		}
		b.Add("history.txt", "the same to read, with each timeline", page.out.String())
	}
}

// window is the time around the failover that is asked for.
func (c *logsCommand) window(terminal *Terminal, release *cluster.Release, failovers []api.Failover, now time.Time) (string, bundle.Window, error) {
	at := slices.IndexFunc(failovers, func(f api.Failover) bool { return f.ID == c.Failover })
	if c.Failover == latest {
		at = len(failovers) - 1
	}
	switch {
	case at >= 0:
		f := failovers[at]
		window := bundle.Window{From: f.Started.Add(-logsBefore), To: now}
		if !f.Running() && f.Finished.Add(logsAfter).Before(now) {
			window.To = f.Finished.Add(logsAfter)
		}
		return fmt.Sprintf("About %s %s of %s: %s.", f.Kind, printable(f.ID), release, printable(change(f))), window, nil
	case c.Failover != latest:
		return "", bundle.Window{}, usageError{fmt.Errorf("no failover %q is remembered; %s lists them", c.Failover, terminal.call("history"))}
	default:
		return fmt.Sprintf("About the last hour of %s: no failover is remembered.", release), bundle.Window{From: now.Add(-logsWithout), To: now}, nil
	}
}

// credentials are what must not be in a bundle.
func credentials(ctx context.Context, release *cluster.Release) (secrets []string, unread []error) {
	for _, variable := range []string{cluster.TokenVariable, cluster.PasswordVariable} {
		value, err := release.Credential(ctx, variable)
		if err != nil {
			unread = append(unread, fmt.Errorf("%s, which therefore was not looked for: %w", variable, err))
		}
		secrets = append(secrets, value)
	}
	return secrets, unread
}

// finish ends the archive and gives it its name: it is whole or it is not there.
func finish(b *bundle.Bundle, file *os.File, path string) error {
	if err := b.Close(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
