package report

import (
	"bytes"
	"fmt"
	"os"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/cost"
)

// Between these marks the project's README has the summary.
const (
	summaryBegin = "<!-- bench: begin -->\n"
	summaryEnd   = "<!-- bench: end -->\n"
)

// summary is the table for people who only look at the README: what is promised of
// medians and processor time, reached or not.
func (r *Results) summary() (table, error) {
	t := table{{"", "gateway", "HAProxy", "ratio", "goal", ""}}
	for _, row := range rows() {
		if !row.goal.promised() || row.metric == cost.P99 || row.metric == cost.P999 {
			continue
		}
		v, err := r.judge(row)
		if err != nil {
			return nil, err
		}
		line := []string{row.title}
		for _, who := range []string{contender.GatewayWrites, compared} {
			cell, err := r.cell(row, who)
			if err != nil {
				return nil, err
			}
			line = append(line, cell)
		}
		ratio, err := r.ratioText(row, contender.GatewayWrites)
		if err != nil {
			return nil, err
		}
		t = append(t, append(line, ratio, row.goal.String(), v.String()))
	}
	return t, nil
}

// Summarize writes the summary into a page, between its marks.
func (r *Results) Summarize(path string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err = r.summarized(page)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, page, 0o644)
}

func (r *Results) summarized(page []byte) ([]byte, error) {
	head, rest, begins := bytes.Cut(page, []byte(summaryBegin))
	_, tail, ends := bytes.Cut(rest, []byte(summaryEnd))
	if !begins || !ends {
		return nil, fmt.Errorf("it has lost its marks %q and %q", summaryBegin, summaryEnd)
	}
	summary, err := r.summary()
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{head, []byte(summaryBegin), []byte(summary.markdown()), []byte(summaryEnd), tail}, nil), nil
}
