package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Count is what became of the operations of one kind of one client.
type Count struct {
	Client, Kind string
	// Acknowledged ended well, Failed did nothing for certain, of Unknown nobody
	// knows.
	Acknowledged, Failed, Unknown int
	// Latency is of those that ended well.
	Latency Distribution
}

// Counts counts the operations by client and kind.
func (h History) Counts() []Count {
	counts := map[[2]string]*Count{}
	add := func(client, kind string, outcome Outcome, took time.Duration) {
		c := counts[[2]string{client, kind}]
		if c == nil {
			c = &Count{Client: client, Kind: kind}
			counts[[2]string{client, kind}] = c
		}
		switch outcome {
		case Acknowledged:
			c.Acknowledged++
			c.Latency = append(c.Latency, took)
		case Failed:
			c.Failed++
		case Unknown:
			c.Unknown++
		}
	}
	for _, w := range h.Writes {
		add(w.Client, either(w.Explicit, "explicit write", "managed write"), w.Outcome, w.End.Sub(w.Start))
	}
	for _, r := range h.Reads {
		add(r.Client, either(r.Stream, "stream", "read"), either(r.Err != "", Failed, Acknowledged), r.End.Sub(r.Start))
	}
	for _, c := range h.Connections {
		add(c.Client, "new client", either(c.Err != "", Failed, Acknowledged), c.End.Sub(c.Start))
	}
	var list []Count
	for _, c := range counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Kind, b.Kind)) })
	return list
}

func either[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}

// Summary is a table of the counts for people.
func (h History) Summary() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CLIENT\tKIND\tDONE\tFAILED\tUNKNOWN\tLATENCY")
	for _, c := range h.Counts() {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\n", c.Client, c.Kind, c.Acknowledged, c.Failed, c.Unknown, c.Latency)
	}
	_ = table.Flush() // to memory
	return text.String()
}
