package sim_test

import (
	"fmt"
	"strings"
	"time"

	"memgraph-controller/chaos/plots/svg"
)

// sensitivityText is what the page says between the marks.
func sensitivityText(presets []sensitivity) string {
	var out strings.Builder
	fmt.Fprintf(&out, sensitivityHead, len(presets[0].Noticed), measuredTimes)
	for _, p := range presets {
		none, all := p.bounds()
		d := p.Detection
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %d | %s | %s | %s | %s |\n", p.Preset, d.ProbeInterval, d.ProbeTimeout, d.SilenceAfter, d.MinFailures,
			seconds(p.noticed(0.5)), seconds(p.noticed(1)), seconds(none), seconds(all))
	}
	out.WriteString(sensitivityMiddle)
	for n, s := range presets[0].Stalls {
		fmt.Fprintf(&out, "| %s |", seconds(s.Length))
		for _, p := range presets {
			fmt.Fprintf(&out, " %d%% |", p.Stalls[n].percent())
		}
		out.WriteString("\n")
	}
	return out.String()
}

const sensitivityHead = `How fast a main that hangs is replaced, and how long it may hang without being
replaced. Both are measured in simulation (virtual time, three controllers, no other
load on the machine) with mains that are frozen, as SIGSTOP does it, at times by
chance: %d that stay frozen, and %d for each length that go on. A process that dies is
not a matter of these presets: it is noticed at once.

![share of frozen mains that are replaced, by how long they are frozen](sensitivity.svg)

| preset | asks every | waits for | silent after | failures | noticed, median | noticed, longest | never replaced up to | always replaced from |
|---|---|---|---|---|---|---|---|---|
`

const sensitivityMiddle = `
A failover that was not needed costs clients about half a second and loses nothing.
With the balanced preset 1,000 stalls of 0.1 to 1 s (the main frozen, everything that it
sends and gets late or lost, a slow API server) begin no new epoch: that is a test,
TestStallsOfUpToASecondCauseNoFailover. At most the lead passes to another controller.

Of mains that are frozen for a time and go on, so many are replaced:

| frozen for | fast | balanced | patient |
|---|---|---|---|
`

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func (f frozenFor) percent() int { return 100 * f.Replaced / f.Times }

// noticed is a quantile of the times until a frozen main was noticed.
func (m sensitivity) noticed(quantile float64) time.Duration {
	return m.Noticed[int(quantile*float64(len(m.Noticed)-1))]
}

// bounds are the longest stall up to which none, and the shortest from which all mains
// were replaced.
func (m sensitivity) bounds() (none, all time.Duration) {
	for n := 0; n < len(m.Stalls) && m.Stalls[n].Replaced == 0; n++ {
		none = m.Stalls[n].Length
	}
	for n := len(m.Stalls) - 1; n >= 0 && m.Stalls[n].Replaced == m.Stalls[n].Times; n-- {
		all = m.Stalls[n].Length
	}
	return none, all
}

// The plot's measures, in its own units.
const (
	plotLeft, plotTop, plotWidth, plotHeight = 60.0, 44.0, 620.0, 260.0
	plotSeconds                              = 9
)

// plotClasses are the curves, in the order of the presets; dashes tell them apart, too.
var plotClasses = [...]string{"b", "a", "c"}

const plotStyle = `
:root { --c:#1a7f37 } @media (prefers-color-scheme: dark) { :root { --c:#3fb950 } }
.b { stroke-dasharray: 2 4 } .c { fill: none; stroke-width: 2; stroke: var(--c); stroke-dasharray: 9 5 }
.notice { stroke-width: 1; stroke-dasharray: none }
`

// sensitivitySVG is the plot: one curve for each preset, and where it notices a main
// that stays frozen.
func sensitivitySVG(presets []sensitivity) string {
	p := svg.New(720, 384, "Frozen mains that are replaced, by how long they are frozen")
	p.Style(plotStyle)
	for percent := 0; percent <= 100; percent += 25 {
		p.Line("grid", plotLeft, plotY(percent), plotLeft+plotWidth, plotY(percent))
		p.Text("", plotLeft-8, plotY(percent)+4, "end", fmt.Sprintf("%d%%", percent))
	}
	for second := range plotSeconds + 1 {
		p.Text("", plotX(time.Duration(second)*time.Second), 324, "middle", fmt.Sprintf("%d s", second))
	}
	p.Text("", plotLeft+plotWidth/2, 344, "middle", "frozen for; a vertical line is when a preset notices a main that stays frozen (median)")
	for n, preset := range presets {
		path := "M" + svg.Number(plotX(0)) + " " + svg.Number(plotY(0))
		for _, s := range preset.Stalls {
			path += "L" + svg.Number(plotX(s.Length)) + " " + svg.Number(plotY(s.percent()))
		}
		p.Path(plotClasses[n], path)
		x := plotX(preset.noticed(0.5))
		p.Line(plotClasses[n]+" notice", x, plotY(0), x, plotY(100))
		left := plotLeft + 210*float64(n)
		p.Line(plotClasses[n], left, 366, left+34, 366)
		p.Text("", left+42, 370, "start", preset.Preset)
	}
	return string(p.End())
}

func plotX(d time.Duration) float64 { return plotLeft + plotWidth*d.Seconds()/plotSeconds }
func plotY(percent int) float64     { return plotTop + plotHeight*(1-float64(percent)/100) }
