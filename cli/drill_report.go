package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"memgraph-controller/cli/drill"
)

// judge prints what clients saw and what the controllers did, and fails where that is
// not what is promised. It prints after an interruption, too.
func (d *drilling) judge(ctx context.Context, seen []drill.Seen, healed error, began time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answersWithin)
	defer cancel()
	page := &canvas{}
	page.line()
	page.line(span{text: "What clients saw, from " + began.Format("15:04:05.000") + " on:"})
	page.line()
	page.grid(seenGrid(seen))
	for _, s := range seen {
		for _, e := range s.Errors {
			page.line(span{text: "  an error at " + s.Name + ": " + printable(e)})
		}
	}
	page.line()
	followed, err := d.followed(ctx)
	if err != nil {
		page.line(span{text: "What the controllers did is not known: " + printable(err.Error())})
	}
	for _, f := range followed {
		page.out.WriteString(account(f))
	}
	d.terminal.printf("%s", page.out.String())
	return d.verdict(seen, healed)
}

func seenGrid(seen []drill.Seen) grid {
	g := grid{
		right: map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true, 6: true},
		rows:  [][]span{header("CLIENTS OF", "LONGEST GAP", "ANSWERED", "LOST", "REFUSED", "NEW CONNECTIONS", "LONGEST WAIT")},
	}
	for _, s := range seen {
		name := s.Name
		if s.Writes {
			name += " (writes)"
		}
		g.rows = append(g.rows, []span{
			{text: name}, {text: short(s.Gap)}, {text: strconv.Itoa(s.Answered)}, {text: strconv.Itoa(s.Lost)}, {text: strconv.Itoa(s.Refused)},
			{text: fmt.Sprintf("%d, %d failed", s.New, s.NewFailed)}, {text: short(s.NewWait)},
		})
	}
	return g
}

// verdict is nil where everything promised was kept.
func (d *drilling) verdict(seen []drill.Seen, healed error) error {
	failures := []error{healed}
	longest := time.Duration(0)
	for _, s := range seen {
		longest = max(longest, s.Gap)
		if s.Gap > d.Within {
			failures = append(failures, fmt.Errorf("clients of %s were not answered for %s, and %s is the bound", s.Name, short(s.Gap), d.Within))
		}
		failures = append(failures, s.Unsure)
	}
	if failed := slices.DeleteFunc(failures, func(err error) bool { return err == nil }); len(failed) > 0 {
		why := failed[0].Error()
		for _, err := range failed[1:] {
			why += "; " + err.Error()
		}
		return errors.New("the drill failed: " + why)
	}
	d.terminal.printf("\nRecovered: no client waited longer than %s (bound %s).\n", short(longest), d.Within)
	return nil
}
