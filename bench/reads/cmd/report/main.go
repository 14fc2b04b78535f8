// Command report makes the report of the bench of read scaling out of the raw results of
// its last run:
//
//	go run ./bench/reads/cmd/report -in docs/bench/reads.jsonl -out docs/bench
package main

import (
	"flag"
	"fmt"
	"os"

	"memgraph-controller/bench/reads/figures"
	"memgraph-controller/bench/reads/page"
)

func main() {
	in := flag.String("in", "docs/bench/reads.jsonl", "file of the raw results")
	out := flag.String("out", "docs/bench", "folder to write the report to")
	flag.Parse()
	if err := report(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func report(in, out string) error {
	pairs, err := figures.Book{Path: in}.Pairs()
	if err != nil {
		return err
	}
	return page.Write(out, pairs)
}
