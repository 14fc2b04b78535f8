package ratio

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARatioIsTheMedianOfThoseOfThePairs(t *testing.T) {
	bases := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}
	var values []float64
	for i, b := range bases {
		values = append(values, b*float64(9-i)) // the ratios are 9 to 1
	}
	r, err := Of(values, bases)
	require.NoError(t, err)
	require.Equal(t, Ratio{Median: 5, Low: 2, High: 8, Pairs: 9}, r)
	require.Equal(t, "5.00 (2.00-8.00)", r.String())
}

func TestWhereThereIsNoBaseThereIsNoRatio(t *testing.T) {
	one := []float64{1, 1, 1, 1, 1, 1}
	for name, bases := range map[string][]float64{
		"zero": {1, 1, 1, 0, 1, 1}, "negative": {1, -1, 1, 1, 1, 1}, "fewer than values": {1, 1, 1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Of(one, bases)
			require.Error(t, err)
		})
	}
	r, err := Of(one[:5], one[:5])
	require.ErrorIs(t, err, ErrTooFew)
	require.Equal(t, "not measured", r.String())
}

func TestTheMedianOfAnEvenNumberLiesBetweenTwo(t *testing.T) {
	require.InDelta(t, 2.5, Median([]float64{1, 2, 3, 9}), 0)
	require.InDelta(t, 2, Median([]float64{1, 2, 9}), 0)
}
