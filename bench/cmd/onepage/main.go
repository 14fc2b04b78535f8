// Command onepage makes one page in HTML of reports in Markdown:
//
//	onepage -out docs/bench/index.html docs/bench/README.md docs/chaos/README.md
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"memgraph-controller/bench/onepage"
)

func main() {
	out := flag.String("out", "docs/bench/index.html", "file of the page")
	flag.Parse()
	if err := write(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "onepage:", err)
		os.Exit(1)
	}
}

func write(out string, reports []string) error {
	if len(reports) == 0 {
		return fmt.Errorf("name the reports in Markdown that the page is made of")
	}
	page, err := onepage.Of(filepath.Dir(out), reports...)
	if err != nil {
		return err
	}
	return os.WriteFile(out, page, 0o644)
}
