package history_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/history"
	"memgraph-controller/e2e/workload"
)

// byChance is what clients of one register saw that took each of their operations at
// some moment while it lasted. Of those without an answer every second one happened.
func byChance(r *rand.Rand, operations, clients int, unknown float64) []history.Operation {
	type step struct {
		history.Operation
		moment time.Time
	}
	free := make([]time.Time, clients)
	steps := make([]step, operations)
	for n := range steps {
		client := r.IntN(clients)
		start := free[client].Add(1 + time.Duration(r.IntN(50)))
		moment := start.Add(time.Duration(r.IntN(20)))
		o := history.Operation{Client: client, Kind: history.Kind(r.IntN(3)), Start: start, End: moment.Add(time.Duration(r.IntN(20)))}
		if free[client] = o.End; r.Float64() < unknown {
			o.Outcome = workload.Unknown
			moment = moment.Add(time.Duration(r.IntN(200)))
			if r.IntN(2) == 0 {
				o.Outcome = workload.Failed // until what was found is known
			}
		}
		steps[n] = step{o, moment}
	}
	slices.SortFunc(steps, func(a, b step) int { return a.moment.Compare(b.moment) })
	held := []int64{0}
	seen := make([]history.Operation, operations)
	for n, s := range steps {
		o, value := s.Operation, held[len(held)-1]
		if o.Kind != history.Read {
			o.Value = int64(n + 1)
			o.Old = held[max(0, len(held)-1-r.IntN(2))]
		}
		if o.Outcome != workload.Failed && (o.Kind == history.Write || o.Kind == history.CompareAndSet && value == o.Old) {
			held = append(held, o.Value)
		}
		if o.Outcome == workload.Acknowledged && o.Kind != history.Write {
			o.Found = value
		}
		if o.Outcome == workload.Failed {
			o.Outcome = workload.Unknown
		}
		seen[n] = o
	}
	return seen
}

// spoil puts the value of another operation in the place of what one found.
func spoil(r *rand.Rand, operations []history.Operation) {
	for range 100 {
		n := r.IntN(len(operations))
		if o := &operations[n]; o.Kind != history.Write && o.Outcome == workload.Acknowledged {
			o.Found = operations[r.IntN(len(operations))].Value
			return
		}
	}
}

// plainly judges one register as it is said in books: what is unknown ends in
// infinity, and may be put behind everything else.
func plainly(operations []history.Operation) bool {
	var all []porcupine.Operation
	for _, o := range operations {
		end := o.End.UnixNano()
		if o.Outcome == workload.Unknown {
			end = math.MaxInt64
		}
		all = append(all, porcupine.Operation{Input: o, Call: o.Start.UnixNano(), Return: end})
	}
	return porcupine.CheckOperations(porcupine.Model{
		Init: func() any { return int64(0) },
		Step: func(state, input, _ any) (bool, any) {
			o := input.(history.Operation)
			known := o.Outcome == workload.Acknowledged
			switch {
			case o.Kind == history.Write:
				return true, o.Value
			case known && o.Found != state:
				return false, state
			case o.Kind == history.CompareAndSet && o.Old == state:
				return true, o.Value
			}
			return true, state
		},
	}, all)
}

// What is settled beforehand takes nothing away and adds nothing.
func TestVerdictIsThatOfThePlainDefinition(t *testing.T) {
	verdicts := map[bool]int{}
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 0))
		operations := byChance(r, 2+r.IntN(14), 1+r.IntN(4), r.Float64()/2)
		if seed%2 == 1 {
			spoil(r, operations)
		}
		want := plainly(operations)
		verdicts[want]++
		err := history.CheckRegisters(operations, timeout)
		require.Equal(t, want, err == nil, "seed %d: %v", seed, err)
		if seed%2 == 0 {
			require.NoError(t, err, "seed %d", seed)
		}
		var violation *history.Violation
		if errors.As(err, &violation) {
			require.False(t, plainly(violation.Core), "seed %d: the core is right: %v", seed, err)
		}
	}
	require.Greater(t, verdicts[false], 500)
}

// A schedule of the simulation leaves about so much, with some unknown ones.
func BenchmarkCheckRegisters(b *testing.B) {
	for _, size := range []int{100, 500, 5000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 0))
			var operations []history.Operation
			for key := range 3 {
				for _, o := range byChance(r, size/3, 4, 0.05) {
					o.Key = key
					operations = append(operations, o)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := history.CheckRegisters(operations, timeout); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The price of a picture and of a core is paid only where something is wrong.
func BenchmarkViolation(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 0))
	operations := byChance(r, 500, 4, 0.05)
	operations[250].Kind, operations[250].Outcome, operations[250].Found = history.Read, workload.Acknowledged, 1
	for b.Loop() {
		if history.CheckRegisters(operations, timeout) == nil {
			b.Fatal("it is right")
		}
	}
}
