package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// Table draws a status as text.
type Table struct {
	// Width is the longest line; 0: any length.
	Width int
	// Colour: mark what is good, odd and bad with escape codes.
	Colour bool
}

// Draw returns the picture of a status, ending in a line break.
func (t Table) Draw(status api.Status) string {
	c := &canvas{width: t.Width, colour: t.Colour}
	c.line(headline(status)...)
	c.line()
	c.grid(instanceGrid(status))
	c.line()
	c.grid(gatewayGrid(status))
	c.line()
	c.paragraph(decision(status), bold)
	if status.Paused != nil {
		c.paragraph(paused(status), bad)
	}
	if len(status.Transitions) > 0 {
		c.line()
	}
	for _, transition := range slices.Backward(status.Transitions) { // newest first: a low screen cuts the oldest
		c.line(span{text: transitionLine(transition), style: faint})
	}
	return c.out.String()
}

func headline(status api.Status) []span {
	leader := "nobody leads"
	if status.Leader != "" {
		leader = "led by " + status.Leader
	}
	spans := []span{
		{printable(status.Cluster), bold},
		{text: fmt.Sprintf("  epoch %d, %s, writes ", status.Epoch, printable(leader))},
		gate(status.Record),
	}
	if status.Record.Voter == "" && status.Record.Heir == "" {
		spans = append(spans, span{", no voter: no failover is possible", bad})
	}
	return spans
}

// gate says whether writes get through.
func gate(record topology.Record) span {
	text := cmp.Or(string(record.Gate), "unknown")
	if record.Plan != topology.PlanNone {
		text += " (" + string(record.Plan) + ")"
	}
	switch record.Gate {
	case topology.GateOpen:
		return span{text, good}
	case topology.GatePaused:
		return span{text, odd}
	default:
		return span{text, bad}
	}
}

func instanceGrid(status api.Status) grid {
	g := grid{
		right: map[int]bool{3: true, 4: true, 5: true, 6: true},
		rows:  [][]span{header("INSTANCE", "ROLE", "READY", "BEHIND", "PID", "RW", "RO", "NOTES")},
	}
	for _, i := range status.Instances {
		g.rows = append(g.rows, []span{
			{text: printable(i.Name)},
			roleCell(status.Record, i),
			readyCell(i),
			{text: behind(i)},
			{text: cmp.Or(printable(i.PID), "-")},
			{text: strconv.Itoa(i.Sessions["rw"])},
			{text: strconv.Itoa(i.Sessions["ro"])},
			{printable(strings.Join(notes(status, i), ", ")), odd},
		})
	}
	return g
}

func header(names ...string) []span {
	var row []span
	for _, name := range names {
		row = append(row, span{name, faint})
	}
	return row
}

// roleCell shows the role that the record gives: what the instance itself says
// counts only where the record is silent, and is a note where they differ.
func roleCell(record topology.Record, i api.Instance) span {
	switch i.Name {
	case record.Main:
		return span{"main", good}
	case record.Voter:
		return span{text: "voter"}
	case record.Heir:
		return span{"heir", odd}
	}
	return span{text: cmp.Or(string(i.Role), "-")}
}

func readyCell(i api.Instance) span {
	if i.Ready {
		return span{"yes", good}
	}
	return span{"no", bad}
}

func behind(i api.Instance) string {
	if i.Mode == "" {
		return "-"
	}
	return strconv.FormatInt(-i.Behind, 10)
}

// notes are what is not as it should be, most important first.
func notes(status api.Status, i api.Instance) []string {
	var all []string
	add := func(when bool, format string, args ...any) {
		if when {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	record := status.Record
	if i.Quarantined != nil {
		add(true, "quarantined: %s", i.Quarantined.Reason)
	}
	add(i.Refused, "refused as diverged")
	add(i.Unreplicated != "", "UNREPLICATED: it %s", i.Unreplicated)
	add(i.Health != topology.HealthUp, "%s%s", i.Health, answeredAgo(status, i))
	add(i.Terminating, "terminating")
	add(i.Role == topology.RoleMain && i.Name != record.Main, "says it is main")
	add(i.Role == topology.RoleReplica && i.Name == record.Main, "says it is a replica")
	add(i.Status != "" && i.Status != topology.StatusReady, "%s", i.Status)
	add(i.Lag > 0, "lag %s", short(time.Duration(i.Lag)))
	add(!i.Clean, "unclean history")
	for _, warning := range i.Warnings {
		add(i.Unreplicated == "", "%s", warning)
	}
	add(i.Name != record.Main && !i.InReadPool && i.OutOfPool != "", "no reads: %s", i.OutOfPool)
	return all
}

func answeredAgo(status api.Status, i api.Instance) string {
	if i.Answered.IsZero() {
		return ", never answered"
	}
	return " for " + short(status.Time.Sub(i.Answered))
}

func gatewayGrid(status api.Status) grid {
	g := grid{
		right: map[int]bool{3: true, 4: true},
		rows:  [][]span{header("GATEWAY", "ADDRESS", "FLOW", "SESSIONS", "HELD", "UPSTREAMS", "NOTES")},
	}
	names := map[string]string{}
	for _, i := range status.Instances {
		names[i.Bolt] = i.Name
	}
	for _, gw := range status.Gateways {
		var upstreams []string
		for _, u := range gw.Upstreams {
			upstreams = append(upstreams, cmp.Or(names[u.Address], u.Address))
		}
		g.rows = append(g.rows, []span{
			{text: printable(gw.Name)},
			{text: printable(gw.Address)},
			flowCell(gw),
			{text: strconv.Itoa(gw.Sessions)},
			{text: strconv.Itoa(gw.Held)},
			{text: cmp.Or(printable(strings.Join(upstreams, " ")), "-")},
			{strings.Join(gatewayNotes(gw), ", "), odd},
		})
	}
	return g
}

func flowCell(gw gateway.Status) span {
	switch {
	case !gw.Running:
		return span{"down", bad}
	case gw.Silenced:
		return span{"silenced", bad}
	case gw.Flow == gateway.Open:
		return span{"open", good}
	case gw.Flow == gateway.Paused:
		return span{"paused", odd}
	default:
		return span{"closed", bad}
	}
}

func gatewayNotes(gw gateway.Status) []string {
	var all []string
	if gw.Running && gw.Applied < gw.Epoch {
		all = append(all, fmt.Sprintf("carrying out epoch %d", gw.Epoch))
	}
	if gw.Busy > 0 {
		all = append(all, fmt.Sprintf("%d sessions not quiet", gw.Busy))
	}
	if gw.ChecksLogins {
		all = append(all, loginsNote(gw.Counters))
	}
	return all
}

// loginsNote says that logins are checked, and what keeps clients out.
func loginsNote(c gateway.Counters) string {
	note := "checks logins"
	for _, kept := range []struct {
		n    uint64
		what string
	}{
		{c.Logins[gateway.LoginRefused], "refused"},
		{c.Logins[gateway.LoginUnchecked], "without a main"},
		{c.Rejected[gateway.RejectTLS], "with TLS"},
	} {
		if kept.n > 0 {
			note += fmt.Sprintf(", %d %s", kept.n, kept.what)
		}
	}
	return note
}

// decision is what is decided now, and why.
func decision(status api.Status) string {
	now := status.Routing.Decision
	text := "now: " + cmp.Or(printable(now.Step), "nothing yet")
	if now.Reason != "" {
		text += ": " + printable(now.Reason)
	}
	if !now.Since.IsZero() {
		text += " (for " + short(status.Time.Sub(now.Since)) + ")"
	}
	return text
}

func paused(status api.Status) string {
	return "paused for another " + short(status.Paused.Until.Sub(status.Time)) + byWhom(status.Paused.By) +
		": nothing is done automatically; the command resume ends it"
}

func byWhom(name string) string {
	if name == "" {
		return ""
	}
	return " by " + printable(name)
}

func transitionLine(transition api.Transition) string {
	return transition.Time.Format("15:04:05.000") + "  " + printable(transition.Text)
}

// short formats a length of time with about three digits: nobody reads more in a
// table.
func short(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}
