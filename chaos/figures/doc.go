// Package figures turns what many rounds of faults measured into a report: tables
// in Markdown and plots in SVG.
//
//	err := figures.Append(file, figures.Result{Fault: "kill of the main", ...}) // a suite, once a round
//	results, err := figures.Read(file)
//	err = figures.Write(dir, results)
//
// The raw lines are kept beside the report: what it shows can be made again with
// `go run ./chaos/cmd/report`, byte for byte, and other figures can be made of them.
// It judges nothing: verdicts are those of the suite that ran the rounds.
package figures
