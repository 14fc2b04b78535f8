package kube

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFaults(t *testing.T) {
	if environment == nil {
		t.Skip("needs a kind cluster, which CHAOS=1 makes")
	}
	if set("HOURS") {
		t.Skip("a soak was asked for")
	}
	e := machinery("chaos")
	require.NoError(t, e.book.Forget())
	times := 1
	if n := os.Getenv("ROUNDS"); n != "" {
		var err error
		times, err = strconv.Atoi(n)
		require.NoError(t, err, "ROUNDS")
	}
	for _, family := range Families(release) {
		t.Run(family.Name, func(t *testing.T) {
			cases := wanted(family.Cases)
			if len(cases) == 0 {
				t.Skip("CASE names none of them")
			}
			prove(t, "nothing acknowledged is lost, and it heals", func(ctx context.Context, t *testing.T) {
				for range times {
					if err := e.batch(ctx, cases, 0); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}
