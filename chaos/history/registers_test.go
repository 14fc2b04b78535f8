package history_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/history"
	"memgraph-controller/e2e/workload"
)

const timeout = 10 * time.Second

// op is an operation of one client on register 0, in seconds.
type op func(begin, end float64) history.Operation

func (o op) of(client int, begin, end float64) history.Operation {
	operation := o(begin, end)
	operation.Client = client
	return operation
}

func operation(o history.Operation) op {
	at := func(seconds float64) time.Time { return time.Unix(1000, int64(seconds*1e9)) }
	return func(begin, end float64) history.Operation {
		o.Start, o.End = at(begin), at(end)
		return o
	}
}

func write(value int64) op { return operation(history.Operation{Kind: history.Write, Value: value}) }

func read(found int64) op { return operation(history.Operation{Kind: history.Read, Found: found}) }

// swap sets a register from old to value, which found something.
func swap(old, value, found int64) op {
	return operation(history.Operation{Kind: history.CompareAndSet, Old: old, Value: value, Found: found})
}

func (o op) outcome(outcome workload.Outcome) op {
	return func(begin, end float64) history.Operation {
		operation := o(begin, end)
		operation.Outcome, operation.Found = outcome, 0
		return operation
	}
}

func (o op) unknown() op { return o.outcome(workload.Unknown) }
func (o op) failed() op  { return o.outcome(workload.Failed) }

func right(t *testing.T, operations ...history.Operation) {
	t.Helper()
	require.NoError(t, history.CheckRegisters(operations, timeout))
}

// wrong requires a violation whose core is the operations with these places, as they
// are or, of a compare-and-set, its write alone.
func wrong(t *testing.T, core []int, operations ...history.Operation) {
	t.Helper()
	err := history.CheckRegisters(operations, timeout)
	var violation *history.Violation
	require.ErrorAs(t, err, &violation)
	var want []history.Operation
	for _, n := range core {
		want = append(want, operations[n])
	}
	require.True(t, slices.EqualFunc(want, violation.Core, func(a, b history.Operation) bool {
		if b.Kind == history.Write {
			a.Kind, a.Old, a.Found = history.Write, 0, 0
		}
		return a == b
	}), err)
}

func TestOperationsOneAfterAnotherAreRight(t *testing.T) {
	right(t, read(0).of(0, 0, 1), write(1).of(0, 2, 3), read(1).of(1, 4, 5), swap(1, 2, 1).of(1, 6, 7), read(2).of(0, 8, 9))
}

func TestReadThatOverlapsAWriteMayFindEither(t *testing.T) {
	for _, found := range []int64{0, 1} {
		right(t, write(1).of(0, 0, 4), read(found).of(1, 1, 2), read(1).of(1, 5, 6))
	}
}

func TestStaleReadIsWrong(t *testing.T) {
	wrong(t, []int{1, 2, 3}, read(0).of(1, 0, 1), write(1).of(0, 2, 3), write(2).of(0, 4, 5), read(1).of(1, 6, 7), read(2).of(1, 8, 9))
}

func TestReadsThatFindOneValueAfterTheNextAreWrong(t *testing.T) {
	wrong(t, []int{0, 1, 2}, write(1).of(0, 0, 9), read(1).of(1, 1, 2), read(0).of(2, 3, 4))
}

func TestLostAcknowledgedWriteIsWrong(t *testing.T) {
	wrong(t, []int{0, 1}, write(1).of(0, 0, 1), read(0).of(1, 2, 3))
}

func TestLostAcknowledgedCompareAndSetIsWrong(t *testing.T) {
	wrong(t, []int{0, 1, 2}, write(1).of(0, 0, 1), swap(1, 2, 1).of(0, 2, 3), read(1).of(1, 4, 5))
}

func TestWriteThatIsFoundBeforeItWasAskedForIsWrong(t *testing.T) {
	wrong(t, []int{0, 1}, read(1).of(1, 0, 1), write(1).of(0, 2, 3))
	wrong(t, []int{0, 1}, read(1).of(1, 0, 1), write(1).unknown().of(0, 2, 3))
}

func TestValueThatNobodyWroteIsWrong(t *testing.T) {
	wrong(t, []int{1}, write(1).of(0, 0, 1), read(7).of(1, 2, 3), read(1).of(1, 4, 5))
}

func TestFailedWriteThatIsFoundIsWrong(t *testing.T) {
	wrong(t, []int{1, 2}, write(1).of(0, 0, 1), write(2).failed().of(0, 2, 3), read(2).of(1, 4, 5))
}

func TestUnknownWriteMayNeverHappen(t *testing.T) {
	right(t, write(1).of(0, 0, 1), write(2).unknown().of(0, 2, 3), read(1).of(1, 4, 5), read(1).of(1, 6, 7))
}

func TestUnknownWriteMayHappenAtAnyLaterTime(t *testing.T) {
	right(t, write(1).unknown().of(0, 0, 1), read(0).of(1, 2, 3), write(2).of(1, 4, 5), read(2).of(1, 6, 7), read(1).of(1, 8, 9))
}

func TestUnknownWriteThatHappenedAndThenVanishesIsWrong(t *testing.T) {
	wrong(t, []int{0, 1, 2}, write(1).unknown().of(0, 0, 1), read(1).of(1, 2, 3), read(0).of(1, 4, 5))
}

func TestUnknownWriteDoesNotHappenTwice(t *testing.T) {
	wrong(t, []int{0, 1, 2, 3}, write(1).unknown().of(0, 0, 1), read(1).of(1, 2, 3), write(2).of(1, 4, 5), read(1).of(1, 6, 7))
}

func TestReadsWithoutAnAnswerSayNothing(t *testing.T) {
	right(t, write(1).of(0, 0, 1), read(0).unknown().of(1, 2, 3), read(0).failed().of(1, 4, 5))
}

func TestCompareAndSetWonTwiceIsWrong(t *testing.T) {
	wrong(t, []int{0, 1}, swap(0, 1, 0).of(0, 0, 3), swap(0, 2, 0).of(1, 1, 2))
	right(t, swap(0, 1, 0).of(0, 0, 3), swap(0, 2, 1).of(1, 1, 2))
}

func TestCompareAndSetThatFindsAnotherValueWritesNothing(t *testing.T) {
	wrong(t, []int{0, 1}, swap(7, 1, 0).of(0, 0, 1), read(1).of(1, 2, 3))
}

func TestUnknownCompareAndSetsMayHaveHappenedOneAfterAnother(t *testing.T) {
	chain := []history.Operation{
		swap(2, 3, 0).unknown().of(2, 0, 1), swap(1, 2, 0).unknown().of(1, 0, 1), write(1).unknown().of(0, 0, 1),
		read(0).of(3, 2, 3), read(3).of(3, 4, 5),
	}
	right(t, chain...)
	wrong(t, []int{0, 1, 2, 4, 5}, append(chain, read(1).of(3, 6, 7))...)
}

func TestUnknownCompareAndSetNeedsTheValueThatItReplaces(t *testing.T) {
	wrong(t, []int{0, 1}, swap(7, 1, 0).unknown().of(0, 0, 1), read(1).of(1, 2, 3))
	right(t, swap(7, 1, 0).unknown().of(0, 0, 1), read(0).of(1, 2, 3))
}

func TestRegistersAreJudgedByThemselves(t *testing.T) {
	other := read(0).of(1, 2, 3)
	other.Key = 4
	right(t, write(1).of(0, 0, 1), other)
	written := write(1).of(0, 0, 1)
	written.Key = 4
	require.ErrorContains(t, history.CheckRegisters([]history.Operation{write(1).of(0, 0, 1), written, other}, timeout), "register 4 is not linearizable")
}

func TestHistoryThatNamesNoWriterIsRefused(t *testing.T) {
	for text, operations := range map[string][]history.Operation{
		"register 0: the value 1 is written twice":                            {write(1).of(0, 0, 1), write(1).of(0, 2, 3)},
		"register 0: the value 0 is written twice, or is the initial one":     {write(0).of(0, 0, 1)},
		"register 0: an operation of client 3 ends before it begins: write 1": {write(1).of(3, 2, 1)},
	} {
		require.ErrorContains(t, history.CheckRegisters(operations, timeout), text)
	}
}

func TestViolationShowsWhatCannotBeTrueAndHowFarItGoes(t *testing.T) {
	err := history.CheckRegisters([]history.Operation{
		read(0).of(2, 0.5, 0.75), write(1).of(0, 1, 2), write(2).unknown().of(1, 1, 3), read(2).of(2, 3, 4), read(1).of(2, 5.25, 6),
		write(9).of(0, 7, 8), read(9).of(1, 9, 10),
	}, timeout)
	require.EqualError(t, err, `register 0 is not linearizable: 4 of its 7 operations cannot all be true (begin and end in seconds from the first operation of all):
     0.500000    1.500000  client 0  write 1
     0.500000    2.500000  client 1  write 2: outcome unknown
     2.500000    3.500000  client 2  read: found 2
     4.750000    5.500000  client 2  read: found 1
in order as far as it goes: write 1 (client 0), write 2: outcome unknown (client 1), read: found 2 (client 2); no place for: read: found 1 (client 2)`)
}

func TestViolationShowsNoMoreOfAChainThanItsEnd(t *testing.T) {
	var operations []history.Operation
	for n := range 30 {
		operations = append(operations, swap(int64(n), int64(n+1), int64(n)).of(0, float64(n), float64(n)+0.5))
	}
	wrong(t, []int{28, 29, 30}, append(operations, read(29).of(1, 40, 41))...)
}

func TestViolationIsDrawn(t *testing.T) {
	err := history.CheckRegisters([]history.Operation{write(1).of(0, 0, 1), read(0).of(1, 2, 3)}, timeout)
	var violation *history.Violation
	require.ErrorAs(t, err, &violation)
	folder := t.TempDir()
	path, err := violation.WriteHTML(folder)
	require.NoError(t, err)
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(page), "read: found 0")
	_, err = violation.WriteHTML(folder + "/none")
	require.ErrorContains(t, err, "write a picture of register 0")
}
