// Command report makes the report of the chaos suite out of the raw results that
// its runs wrote, one JSON line a round:
//
//	go run ./chaos/cmd/report -in docs/chaos -out docs/chaos
package main

import (
	"flag"
	"fmt"
	"os"

	"memgraph-controller/chaos/plots"
)

func main() {
	in := flag.String("in", "docs/chaos", "folder of the raw results, *.jsonl")
	out := flag.String("out", "docs/chaos", "folder to write the report to")
	flag.Parse()
	if err := report(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func report(in, out string) error {
	results, err := plots.ReadDir(in)
	if err != nil {
		return err
	}
	return plots.Write(out, results)
}
