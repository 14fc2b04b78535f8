// Package report makes of raw results what people read: a table in Markdown, and plots
// in SVG.
//
//	results, err := report.ReadFile("docs/bench/bench.jsonl")
//	err = results.Write("docs/bench")
//
// The same results make the same files, byte for byte. A goal that is not reached
// stands in the table beside those that are, and a baseline that is missing is an
// error, not a gap in the table.
package report
