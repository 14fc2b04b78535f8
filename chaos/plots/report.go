package plots

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"memgraph-controller/chaos/figures"
)

// The files of a report. The text is shown with its folder, so it has that name.
const (
	textFile       = "README.md"
	writeGapFile   = "write-gap.svg"
	readGapFile    = "read-gap.svg"
	cumulativeFile = "cumulative.svg"
	phasesFile     = "phases.svg"
)

// rawFiles are the files of rounds in a folder.
const rawFiles = "*.jsonl"

// ReadDir reads all files of rounds in a folder. Those that are there twice
// would count twice, so they are an error.
func ReadDir(dir string) (rounds []Round, err error) {
	files, err := filepath.Glob(filepath.Join(dir, rawFiles))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no %s", dir, rawFiles)
	}
	seen := map[string]string{}
	for _, file := range files {
		list, err := readFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, r := range list {
			key := fmt.Sprint(r.Title(), r.Began.UnixNano())
			if other := seen[key]; other != "" {
				return nil, fmt.Errorf("%s: the round of %s that began at %s is also in %s", file, r.Fault, r.Began.Format(time.RFC3339Nano), other)
			}
			seen[key] = file
		}
		rounds = append(rounds, list...)
	}
	return rounds, nil
}

func readFile(path string) ([]Round, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return figures.Read(file)
}

// Write makes a report of rounds in a folder.
func Write(dir string, all []Round) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var errs []error
	for name, content := range Report(all) {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), content, 0o644))
	}
	return errors.Join(errs...)
}

// Report is a report's files by name. The same rounds make the same files, in
// whatever order they come.
func Report(all []Round) map[string][]byte {
	groups := grouped(all)
	rounds := counting(groups)
	phases := phasesOf(rounds)
	files := map[string][]byte{
		textFile:     []byte(text(all, groups, phases)),
		writeGapFile: strips("Longest time without an acknowledged write, by fault", stripsOf(groups, writeGap)),
		readGapFile:  strips("Longest time without an answered read, by fault", stripsOf(groups, readGap)),
		cumulativeFile: cumulative("Share of rounds that waited no longer",
			curve{"writes", "a", distributionOf(rounds, writeGap)}, curve{"reads", "b", distributionOf(rounds, readGap)}),
	}
	if len(phases) > 0 {
		files[phasesFile] = strips("What a change of the main spends its time on", stripsOfPhases(phases))
	}
	return files
}

func stripsOf(groups []group, of func(Round) float64) (rows []strip) {
	for _, g := range groups {
		rows = append(rows, strip{g.title, distributionOf(g.rounds, of), distributionOf(broken(g.rounds), of)})
	}
	return rows
}

func stripsOfPhases(phases []phase) (rows []strip) {
	for _, p := range phases {
		rows = append(rows, strip{title: p.title(), values: p.values})
	}
	return rows
}

// text is the report in Markdown.
func text(all []Round, groups []group, phases []phase) string {
	rounds, failed := counting(groups), broken(all)
	total := figures.Add(rounds)
	var b strings.Builder
	b.WriteString("# What faults cost clients\n\n" +
		"Made of the raw results beside it (`" + rawFiles + "`, one line a round) by\n" +
		"`go run ./chaos/cmd/report -in docs/chaos -out docs/chaos`; do not edit it.\n\n")
	fmt.Fprintf(&b, "%d rounds of %d faults count, %d are void (their fault was not seen to act, or there was too little load).\n"+
		"They saw the main change %d times, %d of them for no reason, and %d acknowledged writes, of which **%d were lost**.\n",
		len(rounds), faultsIn(rounds), len(all)-len(rounds), total.Failovers, total.False, total.Acknowledged, total.Lost)
	section := func(title, picture, about, table string) {
		fmt.Fprintf(&b, "\n## %s\n\n", title)
		if picture != "" {
			fmt.Fprintf(&b, "![%s](%s)\n\n", title, picture)
		}
		b.WriteString(about + "\n\n" + table)
	}
	section("Writes", writeGapFile, "The longest time without an acknowledged write in each round. A red dot is a round that failed.", gapTable(groups, writeGap))
	section("Reads", readGapFile, "The longest time without an answered read in each round.", gapTable(groups, readGap))
	section("All rounds", cumulativeFile, "What clients met, and what controllers did. A managed error is one that a driver's managed transaction showed to its caller; what it repeated by itself is none.", clientTable(groups))
	if len(phases) > 0 {
		section("Phases of a change of the main", phasesFile, "As the controller itself measures them, by what changed the main.", phaseTable(phases))
	}
	if total.ManagedErrors > 0 {
		section("Errors of managed transactions", "", "By what they say.", errorTable(groups))
	}
	if len(failed) > 0 {
		section("Rounds that did not pass", "", "Void rounds count nowhere above; failed ones do.", brokenTable(failed))
	}
	return b.String()
}
