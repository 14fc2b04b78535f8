// Package registers is a few registers in the database, and what applications do to
// them one after the other, so that package history can judge what they saw. How they
// are connected is left to their callers:
//
//	all := registers.New(3)
//	for _, query := range registers.Create(3) { ... } // each in a transaction of its own
//	o := all.Next(client, rand.Float64(), rand.Float64())
//	...                                               // ask registers.Statement(o), fill in o
//	all.Record(o)
//	err := history.CheckRegisters(all.Seen(), time.Minute)
//
// What is promised of them is that their history is linearizable, although Memgraph
// promises snapshot isolation only. For transactions of one statement on one node that
// is as good:
//
//   - A read takes effect when it takes its snapshot. That is while it lasts, with its
//     first statement, and after every commit that was acknowledged before: commits
//     and snapshots take the same lock, which a commit holds until its voter has heard
//     the decision.
//   - A write, and a compare-and-set that finds its value, take effect when they
//     commit. The first one who writes a node wins and any other one whose snapshot is
//     older is refused, so nothing came between a compare-and-set's snapshot and its
//     commit.
//   - A compare-and-set that finds another value writes nothing: it is a read.
//
// It is not promised of several statements or several nodes (write skew), of MERGE (of
// two at a time each creates a node: therefore all registers are there before the
// clients are), nor of reads through the read gateway: a replica is behind by design.
package registers

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"memgraph-controller/chaos/history"
	"memgraph-controller/e2e/workload"
)

// Registers draws operations and keeps what became of them. Its methods may be called
// by many clients at once.
type Registers struct {
	mu     sync.Mutex
	value  int64   // the last one that was given
	latest []int64 // of each register, what somebody found or wrote last
	seen   []history.Operation
}

// New is as many registers, all with the value 0.
func New(keys int) *Registers { return &Registers{latest: make([]int64, keys)} }

// Create is what makes them, and an index without which each operation would look at
// all that other applications have written.
func Create(keys int) []string {
	return []string{
		"CREATE INDEX ON :R(key)",
		fmt.Sprintf("UNWIND range(0, %d) AS key CREATE (:R {key: key, value: 0})", keys-1),
	}
}

// Remove is what removes them.
const Remove = "MATCH (r:R) DELETE r"

// Next draws an operation from two numbers below 1; every second one is a read. A
// compare-and-set expects what somebody found last, so that it often finds it.
func (r *Registers) Next(client int, which, kind float64) history.Operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := history.Operation{Client: client, Key: int(which * float64(len(r.latest)))}
	if kind < 0.5 {
		return o
	}
	r.value++
	o.Kind, o.Value = history.Write, r.value
	if kind < 0.75 {
		o.Kind, o.Old = history.CompareAndSet, r.latest[o.Key]
	}
	return o
}

// Record keeps an operation that has ended.
func (r *Registers) Record(o history.Operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, o)
	switch {
	case o.Wrote():
		r.latest[o.Key] = o.Value
	case o.Outcome == workload.Acknowledged:
		r.latest[o.Key] = o.Found
	}
}

// Seen is all that was recorded.
func (r *Registers) Seen() []history.Operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// Statement is an operation in Cypher. SET of null does nothing, so a compare-and-set
// writes only where its second MATCH finds the register with the old value; both look
// at the same snapshot.
func Statement(o history.Operation) string {
	switch o.Kind {
	case history.Write:
		return fmt.Sprintf("MATCH (r:R {key: %d}) SET r.value = %d", o.Key, o.Value)
	case history.CompareAndSet:
		return fmt.Sprintf("MATCH (r:R {key: %d}) WITH r.value AS found OPTIONAL MATCH (s:R {key: %d, value: %d}) SET s.value = %d RETURN found",
			o.Key, o.Key, o.Old, o.Value)
	}
	return fmt.Sprintf("MATCH (r:R {key: %d}) RETURN r.value AS found", o.Key)
}

// Nothing is found where there is no register, or more than one: no operation writes it.
const Nothing = -1

// Found is what an operation found, from the rows of its answer.
func Found(rows []map[string]any) int64 {
	if len(rows) == 1 {
		if found, ok := rows[0]["found"].(int64); ok {
			return found
		}
	}
	return Nothing
}

// AtRest is what an instance holds while nobody writes, as reads of one more client. ask
// asks it.
func (r *Registers) AtRest(client int, ask func(query string) ([]map[string]any, error)) (reads []history.Operation, err error) {
	for key := range r.latest {
		read := history.Operation{Client: client, Key: key, Start: time.Now()}
		rows, err := ask(Statement(read))
		if err != nil {
			return nil, fmt.Errorf("register %d: %w", key, err)
		}
		read.End, read.Found = time.Now(), Found(rows)
		reads = append(reads, read)
	}
	return reads, nil
}
