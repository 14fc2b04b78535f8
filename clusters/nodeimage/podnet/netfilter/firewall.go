package netfilter

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"memgraph-controller/clusters/nodeimage/podnet/policy"
)

// Runner runs a program of iptables or ipset with its input.
type Runner func(ctx context.Context, stdin, name string, args ...string) (stdout string, err error)

// Firewall enforces guards. It may not be used concurrently.
type Firewall struct {
	run     Runner
	applied string // the input of the last restore; empty: unknown
}

// New returns a firewall that knows nothing of what the kernel holds.
func New(run Runner) *Firewall { return &Firewall{run: run} }

// Enforce replaces what was enforced before, at once for all pods: no packet sees
// half of it. It does nothing where the guards are those of the last time. After
// an error the old guards may still be in force; calling it again is right.
func (f *Firewall) Enforce(ctx context.Context, guards []policy.Guard) (changed bool, err error) {
	rules := rulesFor(guards)
	wanted := restoreSets(rules.sets) + rules.restore("")
	if wanted == f.applied {
		return false, nil
	}
	f.applied = ""
	if _, err := f.run(ctx, restoreSets(rules.sets), "ipset", "restore", "-exist"); err != nil {
		return false, fmt.Errorf("sets of peers: %w", err)
	}
	saved, err := f.run(ctx, "", "iptables-save", "-t", "mangle")
	if err != nil {
		return false, fmt.Errorf("rules that are there: %w", err)
	}
	if _, err := f.run(ctx, rules.restore(saved), "iptables-restore", "-w", "5", "--noflush"); err != nil {
		return false, fmt.Errorf("rules: %w", err)
	}
	if err := f.destroyUnused(ctx, rules.sets); err != nil {
		return false, err
	}
	f.applied = wanted
	return true, nil
}

func (f *Firewall) destroyUnused(ctx context.Context, used []set) error {
	names, err := f.run(ctx, "", "ipset", "list", "-name")
	if err != nil {
		return fmt.Errorf("sets that are there: %w", err)
	}
	for _, name := range strings.Fields(names) {
		isUsed := slices.ContainsFunc(used, func(s set) bool { return s.name == name })
		if !strings.HasPrefix(name, prefix) || isUsed {
			continue
		}
		if _, err := f.run(ctx, "", "ipset", "destroy", name); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}
