// Command bench measures what the gateway costs and writes the raw results, from
// which bench/cmd/report makes the report. `make bench` runs both.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"memgraph-controller/bench/cost"
	"memgraph-controller/bench/record"
	"memgraph-controller/clusters/progress"
)

func main() {
	programs := flag.String("programs", "out/bench", "folder of the programs proxy and peer")
	out := flag.String("out", "out/reports/bench.jsonl", "file to write the raw results to")
	rounds := flag.Int("rounds", 11, "how often to measure everything")
	threads := flag.Int("threads", 1, "threads of each proxy")
	only := flag.String("only", "", "the one workload to measure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := cost.Config{
		Rounds: *rounds, Threads: *threads, Only: *only, Progress: progress.To(os.Stderr),
		Proxy: filepath.Join(*programs, "proxy"), Peer: filepath.Join(*programs, "peer"),
	}
	if err := measure(ctx, cfg, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func measure(ctx context.Context, cfg cost.Config, out string) (err error) {
	if cfg.Book, err = record.Create(out); err != nil {
		return err
	}
	if err := cost.Run(ctx, cfg); err != nil {
		return err
	}
	return cfg.Book.Close()
}
