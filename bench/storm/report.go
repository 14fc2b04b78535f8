package storm

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"memgraph-controller/bench/ratio"
	"memgraph-controller/bench/record"
	"memgraph-controller/chaos/plots/svg"
)

// Between these marks a page has the table.
const (
	tableBegin = "<!-- measured: make bench-scale -->\n"
	tableEnd   = "<!-- end of measured -->\n"
)

// results are the values of each shape, by metric.
type results map[Shape]map[record.Metric][]float64

func resultsOf(lines []record.Line) (record.Machine, results, error) {
	if len(lines) < 2 || lines[0].Machine == nil {
		return record.Machine{}, nil, fmt.Errorf("its first line does not say of which machine it is, or it is the only one")
	}
	all := results{}
	for i, line := range lines[1:] {
		var s Shape
		if _, err := fmt.Sscanf(line.Workload, "%d gateways, %d connections", &s.Gateways, &s.Connections); err != nil {
			return record.Machine{}, nil, fmt.Errorf("line %d: workload %q is none of this bench", i+2, line.Workload)
		}
		if all[s] == nil {
			all[s] = map[record.Metric][]float64{}
		}
		for metric, value := range line.Values {
			all[s][metric] = append(all[s][metric], value)
		}
	}
	return *lines[0].Machine, all, nil
}

// Report writes the table of a run into a page and draws its plot.
func Report(lines []record.Line, page, plot string) error {
	machine, all, err := resultsOf(lines)
	if err != nil {
		return err
	}
	table, err := all.table(machine)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	head, rest, begins := bytes.Cut(text, []byte(tableBegin))
	_, tail, ends := bytes.Cut(rest, []byte(tableEnd))
	if !begins || !ends {
		return fmt.Errorf("%s has lost its marks %q and %q", page, tableBegin, tableEnd)
	}
	text = bytes.Join([][]byte{head, []byte(tableBegin), []byte(table), []byte(tableEnd), tail}, nil)
	if err := os.WriteFile(page, text, 0o644); err != nil {
		return err
	}
	picture, err := all.plot()
	if err != nil {
		return err
	}
	return os.WriteFile(plot, picture, 0o644)
}

// columns are those of the table: what, in which unit, with how many digits.
var columns = []struct {
	title  string
	metric record.Metric
	scale  float64
	digits int
}{
	{"memory, MB", Memory, 1, 0},
	{"CPU while idle, % of one", CPUShare, 1, 2},
	{"all cut after, ms", LastCut, 1e-3, 0},
	{"half are back after, s", P50, 1e-6, 2},
	{"99 % after, s", P99, 1e-6, 2},
	{"all after, s", Last, 1e-6, 2},
	{"attempts each", Attempts, 1, 2},
	{"CPU each, µs", CPU, 1, 0},
}

func (all results) table(machine record.Machine) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMeasured on %d processors (%s), with server and clients on the same ones; medians of %d rounds, with their 95 %% intervals for the end.\n\n",
		machine.CPUs, machine.Processor, all.rounds())
	b.WriteString("| gateways | connections |")
	for _, c := range columns {
		b.WriteString(" " + c.title + " |")
	}
	b.WriteString("\n|--:|--:|" + strings.Repeat("--:|", len(columns)) + "\n")
	for _, shape := range Shapes() {
		fmt.Fprintf(&b, "| %d | %d |", shape.Gateways, shape.Connections)
		for _, c := range columns {
			cell, err := all.cell(shape, c.metric, c.scale, c.digits)
			if err != nil {
				return "", err
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	return b.String(), nil
}

func (all results) rounds() (n int) {
	for _, values := range all {
		n = max(n, len(values[Last]))
	}
	return n
}

// cell is a median, or a dash where a machine did not allow for so many open files.
func (all results) cell(shape Shape, metric record.Metric, scale float64, digits int) (string, error) {
	if all[shape] == nil {
		return "–", nil
	}
	e, err := ratio.Middle(all[shape][metric])
	if err != nil {
		return "", fmt.Errorf("%s of %s: %w", metric, shape, err)
	}
	text := fmt.Sprintf("%.*f", digits, e.Median*scale)
	if metric == Last {
		text += fmt.Sprintf(" [%.*f, %.*f]", digits, e.Low*scale, digits, e.High*scale)
	}
	return text, nil
}

// Measures of the plot, in pixels, and its longest time, in seconds.
const (
	plotLeft, plotTop     = 300.0, 52.0
	plotWidth, rowHeight  = 480.0, 22.0
	plotMargin, plotWorst = 24.0, 12.0
)

// plot draws for each shape how long clients waited: the interval of the last one as a
// box, its median in it, every other quantile as a dot. What is promised is dashed.
func (all results) plot() ([]byte, error) {
	var shapes []Shape
	for _, s := range Shapes() {
		if all[s] != nil {
			shapes = append(shapes, s)
		}
	}
	bottom := plotTop + rowHeight*float64(len(shapes))
	p := svg.New(plotLeft+plotWidth+plotMargin, bottom+2*plotMargin, "Until clients are served again, after the route is open: half of them, 99 %, and all")
	at := func(seconds float64) float64 { return plotLeft + plotWidth*min(seconds, plotWorst)/plotWorst }
	for s := 0.0; s <= plotWorst; s += 2 {
		p.Line("grid", at(s), plotTop, at(s), bottom)
		p.Text("tick", at(s), bottom+16, "middle", fmt.Sprintf("%g s", s))
	}
	p.Line("limit", at(5), plotTop, at(5), bottom)
	for i, s := range shapes {
		y := plotTop + rowHeight*(float64(i)+0.5)
		last, err := ratio.Middle(all[s][Last])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
		p.Text("", plotLeft-10, y+4, "end", s.String())
		from, to := at(last.Low/1e6), at(last.High/1e6)
		p.Rect("box", from, y-6, max(to-from, 1), 12)
		p.Line("middle", at(last.Median/1e6), y-6, at(last.Median/1e6), y+6)
		dots := ""
		for _, metric := range []record.Metric{P50, P99} {
			for _, v := range all[s][metric] {
				dots += svg.Dot(at(v/1e6), y)
			}
		}
		p.Path("dots", dots)
	}
	return p.End(), nil
}
