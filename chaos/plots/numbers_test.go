package plots

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAQuantileIsAValueThatWasMeasured(t *testing.T) {
	var d distribution
	require.Zero(t, d.quantile(0.5))
	for i := 1; i <= 100; i++ {
		d = append(d, float64(i))
	}
	for q, want := range map[float64]float64{0: 1, 0.07: 7, 0.29: 29, 0.5: 50, 0.99: 99, 1: 100} {
		require.Equal(t, want, d.quantile(q))
	}
	require.Equal(t, 3.0, distribution{1, 2, 3}.quantile(0.99))
	require.Equal(t, 2, distribution{4.9, 5, 5.1, 6}.over(5))
}

func TestAnAxisHoldsEveryValueAndThePromise(t *testing.T) {
	a := newAxis(0, 100, distribution{0, 0.5, 70})
	require.Equal(t, [2]float64{0.01, 100}, [2]float64{a.low, a.high})
	require.Zero(t, a.at(0), "no time at all is drawn at the edge")
	require.InDelta(t, 50, a.at(1), 1e-9)
	require.InDelta(t, 100, a.at(100), 1e-9)
	empty := newAxis(0, 100)
	require.Equal(t, [2]float64{0.1, 10}, [2]float64{empty.low, empty.high})
}

func TestTimesAreWrittenAsPeopleWriteThem(t *testing.T) {
	for s, want := range map[float64]string{0.02: "20 ms", 0.1 * 2: "200 ms", 5: "5 s", 1.234: "1.234 s"} {
		require.Equal(t, want, readable(s))
	}
}
