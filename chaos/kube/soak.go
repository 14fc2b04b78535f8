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

// often is how many times a deck holds a case that makes a failover, which is what a
// soak is for: four rounds of five then have one.
const often = 10

// draw chooses the cases of a batch of a soak: it deals from decks, each of which holds
// every case, so that none is left out for long. It depends on nothing but seed and
// number, so that a soak can be resumed, and a batch run again.
func draw(cases []Case, seed uint64, number int) []Case {
	var deck []Case
	for _, c := range cases {
		deck = append(deck, c)
		for i := 1; i < often && c.Outcome == Failover && !c.Slow; i++ {
			deck = append(deck, c)
		}
	}
	batch := make([]Case, roundsOfABatch)
	for i := range batch {
		dealt := number*roundsOfABatch + i
		order := rand.New(rand.NewPCG(seed, uint64(dealt/len(deck)))).Perm(len(deck))
		batch[i] = deck[order[dealt%len(deck)]]
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
