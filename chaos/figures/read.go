package figures

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// longestLine bounds a line; the texts of errors are what can make one long.
const longestLine = 1 << 20

// Read reads a file of rounds. What a line says has to be known in full: a field of
// another name would be a number that is silently missing.
func Read(r io.Reader) (rounds []Round, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		round, err := parse(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		rounds = append(rounds, round)
	}
	return rounds, lines.Err()
}

func parse(line []byte) (r Round, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, err
	}
	r.Way = cmp.Or(r.Way, Native)
	return r, check(r)
}

// check refuses what no round can have said.
func check(r Round) error {
	switch {
	case r.Fault == "":
		return errors.New("it names no fault")
	case r.Way != Native && r.Way != Mesh:
		return fmt.Errorf("way %q is neither %s nor %s", r.Way, Native, Mesh)
	case r.Verdict != Passed && r.Verdict != Failed && r.Verdict != Void:
		return fmt.Errorf("verdict %q is none of %s, %s, %s", r.Verdict, Passed, Failed, Void)
	case r.Verdict != Passed && r.Why == "":
		return fmt.Errorf("it is %s and does not say why", r.Verdict)
	case r.WriteGap < 0 || r.ReadGap < 0 || r.Hold < 0:
		return errors.New("a time is negative")
	}
	return nil
}
