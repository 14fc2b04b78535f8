package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// roundsOfABatch is after how many rounds of a soak the clients are replaced and the
// whole history is checked. A batch that fails can be run again by its seed and
// number.
const roundsOfABatch = 10

// draw chooses the cases of a batch of a soak. It depends on nothing but seed and
// number, so that a soak can be resumed, and a batch run again. Faults that make a
// failover are drawn twice as often: they are what a soak is for.
func draw(cases []Case, seed uint64, number int) []Case {
	var urn []Case
	for _, c := range cases {
		urn = append(urn, c)
		if c.Outcome == Failover && !c.Slow {
			urn = append(urn, c, c)
		}
	}
	chance := rand.New(rand.NewPCG(seed, uint64(number)))
	batch := make([]Case, roundsOfABatch)
	for i := range batch {
		batch[i] = urn[chance.IntN(len(urn))]
	}
	return batch
}

// progress is how far a soak has come. It is kept in a file, from which a later run
// of the same seed goes on.
type progress struct {
	Seed    uint64        `json:"seed"`
	Batches int           `json:"batches"`
	Spent   time.Duration `json:"spent_nanoseconds"`
}

// resume reads how far the soak of a seed has come; that of another seed is of no
// use.
func resume(file string, seed uint64) (progress, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return progress{Seed: seed}, nil
	}
	if err != nil {
		return progress{}, err
	}
	var p progress
	if err := json.Unmarshal(text, &p); err != nil {
		return progress{}, fmt.Errorf("%s: %w", file, err)
	}
	if p.Seed != seed {
		return progress{}, fmt.Errorf("%s is of seed %d: remove it, or go on with SEED=%d", file, p.Seed, p.Seed)
	}
	return p, nil
}

// save replaces the file in one step.
func (p progress) save(file string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
