package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/figures"
	"memgraph-controller/chaos/mesh"
	cluster "memgraph-controller/e2e/kube"
)

func TestFaults(t *testing.T) {
	if environment == nil {
		t.Skip("needs a kind cluster, which CHAOS=1 makes")
	}
	if cluster.Set("HOURS") {
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
	carriedOut := 0
	for _, family := range families(t) {
		t.Run(family.Name, func(t *testing.T) {
			cases := wanted(family.Cases)
			if len(cases) == 0 {
				t.Skip("CASE names none of them")
			}
			carriedOut += len(cases)
			prove(t, "nothing acknowledged is lost, and it heals", func(ctx context.Context, t *testing.T) {
				for range times {
					if err := e.batch(ctx, cases, 0); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
	require.Positive(t, carriedOut, "FAMILY=%s CASE=%s names no fault: docs/development.md lists them", os.Getenv("FAMILY"), os.Getenv("CASE"))
	require.Positive(t, e.rounds, "no fault of these is to be had on this machine")
}

// families are those of the way that WAY names: native unless it is mesh, and native
// too, which is said, where Chaos Mesh cannot be installed.
func families(t *testing.T) []Family {
	t.Helper()
	way := cmp.Or(os.Getenv("WAY"), string(figures.Native))
	require.Contains(t, []string{string(figures.Native), string(figures.Mesh)}, way, "WAY")
	if way == string(figures.Native) {
		return Families(release)
	}
	m, err := InstallMesh(t.Context(), release)
	if errors.Is(err, mesh.ErrUnavailable) {
		fmt.Fprintln(os.Stderr, err)
		return Families(release)
	}
	require.NoError(t, err)
	apiServer, err := m.APIServer(t.Context())
	require.NoError(t, err)
	return []Family{Meshed(release.Target(), m, apiServer)}
}
