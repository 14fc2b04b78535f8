// Command storm measures what many connections at once are to several gateways
// (package storm), or makes the report of what was measured:
//
//	storm -programs out/bench -out docs/bench/storm.jsonl
//	storm -in docs/bench/storm.jsonl -page docs/scale.md -plot docs/bench/storm.svg
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"memgraph-controller/bench/record"
	"memgraph-controller/bench/storm"
	"memgraph-controller/clusters/progress"
)

func main() {
	programs := flag.String("programs", "out/bench", "folder of the programs proxy and peer")
	out := flag.String("out", "", "file to write the raw results to; empty: nothing is measured")
	rounds := flag.Int("rounds", 6, "how often to measure everything")
	in := flag.String("in", "", "file of raw results to make a report of")
	page := flag.String("page", "docs/scale.md", "page to write the table into, between its marks")
	plot := flag.String("plot", "docs/bench/storm.svg", "file to draw the plot in")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := storm.Config{
		Rounds: *rounds, Progress: progress.To(os.Stderr),
		Proxy: filepath.Join(*programs, "proxy"), Peer: filepath.Join(*programs, "peer"),
	}
	if err := run(ctx, cfg, *out, *in, *page, *plot); err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, cfg storm.Config, out, in, page, plot string) (err error) {
	if out != "" {
		if cfg.Book, err = record.Create(out); err != nil {
			return err
		}
		if err := storm.Run(ctx, cfg); err != nil {
			return err
		}
		if err := cfg.Book.Close(); err != nil {
			return err
		}
	}
	if in == "" {
		return nil
	}
	lines, err := record.ReadFile(in)
	if err != nil {
		return err
	}
	return storm.Report(lines, page, plot)
}
