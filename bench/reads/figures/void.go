package figures

import (
	"fmt"
	"maps"
	"slices"
)

const (
	// leastIdle is the share of the machine, 0 to 1, that has to be idle in a window: with
	// less, what waits for a processor may be measured, and not what waits for a database.
	// On two cores 0.1 is a fifth of a core, twice what one instance may use.
	leastIdle = 0.1
	// saturated is the share of its limit that an instance uses which is held by nothing
	// else. It never uses all of it: what is left of a period when a thread stops is lost
	// (the kernel hands quota out in slices of 5 ms).
	saturated = 0.9
)

// through is one of the windows, with what is known of its gateway.
type through struct {
	name    string
	window  Window
	serving []string // the instances that readers reach
}

func (p Pair) throughWrite() through { return through{"write", p.Write, []string{p.Main}} }
func (p Pair) throughRead() through  { return through{"read", p.Read, p.pool()} }

// disturbed tells what others on the machine may have changed in a window; empty: nothing. A machine without idle time disturbs what
// clients wait for. It does not disturb how much instances answer that had all of their
// limit: then they were the bottleneck, and the machine was not.
func (p Pair) disturbed(t through) string {
	if t.window.Idle >= leastIdle || p.Load == Saturation && p.least(t) >= saturated {
		return ""
	}
	return fmt.Sprintf("only %.0f %% of the machine was idle through the %s gateway, and instances used %.0f %% of their limit",
		100*t.window.Idle, t.name, 100*p.least(t))
}

// Judged returns the pair with why it does not count, if it does not.
func (p Pair) Judged() Pair {
	p.Void = p.void()
	return p
}

// void looks for what makes a pair say nothing of the gateways.
func (p Pair) void() string {
	for _, t := range []through{p.throughWrite(), p.throughRead()} {
		if why := p.disturbed(t); why != "" {
			return why
		}
		w := t.window
		switch {
		case w.Reads.N == 0 || w.Writes.N == 0:
			return fmt.Sprintf("there were %d reads and %d writes through the %s gateway", w.Reads.N, w.Writes.N, t.name)
		case p.Load == Equal && w.Reads.Rate < leastTarget*p.Target:
			return fmt.Sprintf("%.0f of %.0f reads/s through the %s gateway", w.Reads.Rate, p.Target, t.name)
		}
	}
	if used := p.least(p.throughWrite()); p.Load == Saturation && used < saturated {
		return fmt.Sprintf("the main used %.0f %% of its limit: it was not the bottleneck", 100*used)
	}
	return ""
}

// pool are the instances that readers reach through the read gateway: all but the main.
func (p Pair) pool() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(p.Read.Used)) {
		if name != p.Main {
			names = append(names, name)
		}
	}
	return names
}

// least is what the least busy instance that readers reached used of its limit.
func (p Pair) least(t through) float64 {
	least := 1.0
	for _, name := range t.serving {
		least = min(least, t.window.Used[name]/p.Limit)
	}
	return least
}

// Counting are the pairs that count.
func Counting(pairs []Pair) (list []Pair) {
	for _, p := range pairs {
		if p.Void == "" {
			list = append(list, p)
		}
	}
	return list
}

// LastRun are the pairs of the run that began last.
func LastRun(pairs []Pair) (list []Pair) {
	for _, p := range pairs {
		if len(list) > 0 && p.Run.After(list[0].Run) {
			list = nil
		}
		if len(list) == 0 || p.Run.Equal(list[0].Run) {
			list = append(list, p)
		}
	}
	return list
}
