package report

import (
	"fmt"
	"strings"

	"memgraph-controller/bench/contender"
)

// table is a heading and rows of cells.
type table [][]string

// costs is the table of what everything costs by every way.
func (r *Results) costs() (table, error) {
	head := []string{"median of " + fmt.Sprint(r.rounds) + " rounds"}
	for _, c := range contender.All() {
		head = append(head, c.Name)
	}
	head = append(head, "writes ÷ haproxy", "reads ÷ haproxy", "goal", "")
	t := table{head}
	for _, row := range rows() {
		if !r.ran(row.workload) {
			return nil, fmt.Errorf("the run has no %s", row.workload)
		}
		line, err := r.line(row)
		if err != nil {
			return nil, err
		}
		t = append(t, line)
	}
	return t, nil
}

func (r *Results) line(row row) (line []string, err error) {
	line = []string{row.title}
	for _, c := range contender.All() {
		cell, err := r.cell(row, c.Name)
		if err != nil {
			return nil, err
		}
		line = append(line, cell)
	}
	for _, gateway := range []string{contender.GatewayWrites, contender.GatewayReads} {
		ratio, err := r.ratioText(row, gateway)
		if err != nil {
			return nil, err
		}
		line = append(line, ratio)
	}
	if !row.goal.promised() {
		return append(line, "", ""), nil
	}
	v, err := r.judge(row)
	if err != nil {
		return nil, err
	}
	return append(line, row.goal.String(), v.String()), nil
}

// cell is a contender's median, or a dash where it does not take part.
func (r *Results) cell(row row, who string) (string, error) {
	if !r.has(row.of(who)) {
		return "–", nil
	}
	e, err := r.median(row.of(who))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.*f", row.digits, e.Median*row.scale), nil
}

// markdown writes the table with numbers to the right.
func (t table) markdown() string {
	var b strings.Builder
	for i, line := range t {
		b.WriteString("| " + strings.Join(line, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("--:|", len(line)-2) + "---|\n")
		}
	}
	return b.String()
}
