package sim_test

import (
	"fmt"
	"strings"
	"time"
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
	plotLeft, plotTop, plotWidth, plotHeight = 60.0, 30.0, 620.0, 260.0
	plotSeconds                              = 9.0
)

// plotColours are readable on white and on black, and told apart by the dashes too.
var plotColours = [...]struct{ colour, dashes string }{{"#d9480f", "2 4"}, {"#1c7ed6", "none"}, {"#2f9e44", "9 5"}}

// sensitivitySVG is the plot: one curve for each preset, and where it notices a main
// that stays frozen.
func sensitivitySVG(presets []sensitivity) string {
	var out strings.Builder
	fmt.Fprint(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 370" font-family="sans-serif" font-size="13">
<style>text{fill:#495057}.grid{stroke:#868e96;stroke-opacity:.35}@media (prefers-color-scheme:dark){text{fill:#ced4da}}</style>
<text x="60" y="18">frozen mains that are replaced</text>
`)
	for percent := 0; percent <= 100; percent += 25 {
		y := plotY(percent)
		fmt.Fprintf(&out, `<line class="grid" x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f"/><text x="52" y="%.1f" text-anchor="end">%d%%</text>`+"\n",
			plotLeft, plotLeft+plotWidth, y, y, y+4, percent)
	}
	for second := range int(plotSeconds) + 1 {
		fmt.Fprintf(&out, `<text x="%.1f" y="310" text-anchor="middle">%d s</text>`+"\n", plotX(time.Duration(second)*time.Second), second)
	}
	fmt.Fprint(&out, `<text x="370" y="330" text-anchor="middle">frozen for; a vertical line is when a preset notices a main that stays frozen (median)</text>`+"\n")
	for n, p := range presets {
		points := []string{fmt.Sprintf("%.1f,%.1f", plotX(0), plotY(0))}
		for _, s := range p.Stalls {
			points = append(points, fmt.Sprintf("%.1f,%.1f", plotX(s.Length), plotY(s.percent())))
		}
		c := plotColours[n]
		x := plotX(p.noticed(0.5))
		fmt.Fprintf(&out, `<polyline fill="none" stroke="%s" stroke-width="2.5" stroke-dasharray="%s" points="%s"/>`+"\n", c.colour, c.dashes, strings.Join(points, " "))
		fmt.Fprintf(&out, `<line stroke="%s" stroke-opacity=".6" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n", c.colour, x, x, plotY(0), plotY(100))
		left := plotLeft + 210*float64(n)
		fmt.Fprintf(&out, `<line stroke="%s" stroke-width="2.5" stroke-dasharray="%s" x1="%.0f" x2="%.0f" y1="352" y2="352"/><text x="%.0f" y="356">%s</text>`+"\n",
			c.colour, c.dashes, left, left+34, left+42, p.Preset)
	}
	return out.String() + "</svg>\n"
}

func plotX(d time.Duration) float64 { return plotLeft + plotWidth*d.Seconds()/plotSeconds }
func plotY(percent int) float64     { return plotTop + plotHeight*(1-float64(percent)/100) }
