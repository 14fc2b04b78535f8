// Package plots turns what many rounds of faults measured into a report: tables in
// Markdown and plots in SVG.
//
//	rounds, err := plots.ReadDir("docs/chaos") // *.jsonl, a line for each round
//	err = plots.Write("docs/chaos", rounds)
//
// The raw lines are kept beside the report: what it shows can be made again with
// `go run ./chaos/cmd/report`, byte for byte, and other figures can be made of them.
// It judges nothing: verdicts are those of the suite that ran the rounds.
package plots
