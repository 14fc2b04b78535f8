package graph

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type number int

func (a number) compare(b number) int { return cmp.Compare(a, b) }

// from lists what the tree holds from n on.
func from(tr *tree[number], n number) (found []number) {
	tr.ascend(n, func(x number) bool { found = append(found, x); return true })
	return found
}

func TestTreeIsASortedSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tr tree[number]
		var want []number
		insert := func(x number) {
			at, found := slices.BinarySearch(want, x)
			require.Equal(t, !found, tr.insert(x))
			if !found {
				want = slices.Insert(want, at, x)
			}
		}
		x := rapid.Custom(func(t *rapid.T) number { return number(rapid.IntRange(0, 6000).Draw(t, "x")) })
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) { insert(x.Draw(t, "new")) },
			"insert ascending": func(t *rapid.T) {
				first := x.Draw(t, "first")
				for i := range number(200) {
					insert(first + i)
				}
			},
			"insert descending": func(t *rapid.T) {
				first := x.Draw(t, "first")
				for i := range number(200) {
					insert(first - i)
				}
			},
			"remove": func(t *rapid.T) {
				first := x.Draw(t, "first")
				for y := first; y < first+number(rapid.SampledFrom([]int{1, 100, 1500}).Draw(t, "length")); y++ {
					at, found := slices.BinarySearch(want, y)
					require.Equal(t, found, tr.remove(y))
					if found {
						want = slices.Delete(want, at, at+1)
					}
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(want), tr.size)
				require.Equal(t, len(want) == 0, tr.root == nil)
				y := x.Draw(t, "y")
				at, found := slices.BinarySearch(want, y)
				_, got := tr.get(y)
				require.Equal(t, found, got)
				require.Equal(t, append([]number(nil), want[at:]...), from(&tr, y))
				var every []number
				tr.all(func(x number) bool { every = append(every, x); return true })
				require.Equal(t, append([]number(nil), want...), every)
			},
		})
		for _, y := range want {
			require.True(t, tr.remove(y))
		}
		require.Nil(t, tr.root, "nothing is kept")
	})
}

func TestTreeStopsWhenToldTo(t *testing.T) {
	var tr tree[number]
	for i := range number(1000) {
		tr.insert(i)
	}
	seen := 0
	tr.ascend(100, func(number) bool { seen++; return seen < 300 })
	require.Equal(t, 300, seen)
}
