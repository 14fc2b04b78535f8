package ratio

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func byRound(values ...float64) map[int]float64 {
	rounds := map[int]float64{}
	for i, v := range values {
		rounds[i+1] = v
	}
	return rounds
}

// The ranks are those of tables for the sign test: with 6 to 8 values the interval is
// from the least to the greatest, with 11 from the second to the tenth.
func TestTheIntervalIsThatOfTables(t *testing.T) {
	got, err := Median(byRound(3, 1, 2, 6, 5, 4))
	require.NoError(t, err)
	require.Equal(t, Estimate{Median: 3.5, Low: 1, High: 6, N: 6}, got)
	got, err = Median(byRound(11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1))
	require.NoError(t, err)
	require.Equal(t, Estimate{Median: 6, Low: 2, High: 10, N: 11}, got)
	require.Equal(t, "6.00 (2.00-10.00)", got.String())
	require.Equal(t, "not measured", Estimate{}.String())
}

func TestARatioIsThatOfTheSameRound(t *testing.T) {
	slow := byRound(2, 20, 200, 2, 20, 200) // a machine whose mood changes
	fast := byRound(1, 10, 100, 1, 10, 100)
	got, err := Of(slow, fast)
	require.NoError(t, err)
	require.Equal(t, Estimate{Median: 2, Low: 2, High: 2, N: 6}, got)
}

func TestWithoutABaselineThereIsNoRatio(t *testing.T) {
	all := byRound(1, 1, 1, 1, 1, 1)
	_, err := Of(all, byRound(1, 1, 1, 1, 1))
	require.ErrorContains(t, err, "round 6 has no baseline")
	_, err = Of(all, byRound(1, 1, 0, 1, 1, 1))
	require.ErrorContains(t, err, "round 3 has no baseline")
	_, err = Of(byRound(1, 1, 1, 1, 1), all)
	require.ErrorContains(t, err, "6 rounds have a baseline")
	_, err = Of(byRound(1, 1, 1, 1, 1), byRound(1, 1, 1, 1, 1))
	require.ErrorContains(t, err, "5 rounds are too few")
}

// Of so many intervals of a known median at most 5 % miss it.
func TestTheIntervalHoldsTheTrueMedian(t *testing.T) {
	chance, missed := rand.New(rand.NewPCG(1, 2)), 0
	for range 2000 {
		var values []float64
		for range 11 {
			values = append(values, chance.ExpFloat64())
		}
		got, err := Median(byRound(slices.Clone(values)...))
		require.NoError(t, err)
		const truth = 0.6931471805599453 // ln 2
		if truth < got.Low || truth > got.High {
			missed++
		}
	}
	require.LessOrEqual(t, missed, 100)
}

// The ranks are those of the tables of the sign test, such as David and Nagaraja, Order
// Statistics, 7.1: coverage is 96.9 % at n = 6, 96.1 % at 9, 97.9 % at 10, 96.1 % at 12,
// 96.5 % at 15, 95.9 % at 20.
func TestRanksOfTheIntervalAreThoseOfTheSignTest(t *testing.T) {
	for n, k := range map[int]int{6: 1, 7: 1, 8: 1, 9: 2, 10: 2, 11: 2, 12: 3, 15: 4, 20: 6, 25: 8, 30: 10} {
		require.Equal(t, k, rankOfLow(n), "n = %d", n)
	}
}
