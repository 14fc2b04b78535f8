// Command report makes the report of the benchmarks out of the raw results that a run
// wrote:
//
//	go run ./bench/cmd/report -in docs/bench/bench.jsonl -out docs/bench -summary README.md
//
// With -gate it fails where a threshold is exceeded.
package main

import (
	"flag"
	"fmt"
	"os"

	"memgraph-controller/bench/report"
)

func main() {
	in := flag.String("in", "docs/bench/bench.jsonl", "file of the raw results")
	out := flag.String("out", "docs/bench", "folder to write the report to")
	summary := flag.String("summary", "", "page to write the summary into, between its marks")
	gate := flag.Bool("gate", false, "fail where a threshold is exceeded")
	flag.Parse()
	if err := run(*in, *out, *summary, *gate); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(in, out, summary string, gate bool) error {
	results, err := report.ReadFile(in)
	if err != nil {
		return err
	}
	if err := results.Write(out); err != nil {
		return err
	}
	if summary != "" {
		if err := results.Summarize(summary); err != nil {
			return err
		}
	}
	if gate {
		return results.Gate()
	}
	return nil
}
