package kube

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes/fake"

	"memgraph-controller/docs/check"
	cluster "memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/kube/fleet"
)

// Whatever the page of failure modes says was broken can be broken again by its name. The
// report writes times as 0.5 s, cases as 500ms.
func TestThePageOfFailuresNamesFaultsOfTheTable(t *testing.T) {
	known := map[string]bool{}
	for _, family := range Families(&cluster.Release{Cluster: &cluster.Cluster{}, Fleet: fleet.Fleet{Kube: fake.NewClientset()}}) {
		for _, c := range family.Cases {
			known[c.String()] = true
		}
	}
	pages, err := check.Pages("../..")
	require.NoError(t, err)
	named := map[string]bool{}
	for _, p := range pages {
		if p.Path != "docs/failures.md" {
			continue
		}
		for _, table := range p.Tables() {
			if table.Head[len(table.Head)-1] != "shown by" {
				continue
			}
			for _, row := range table.Rows {
				for _, name := range row.Code[len(row.Code)-1] {
					require.True(t, known[asCase(t, name)], "there is no fault %q", name)
					named[asCase(t, name)] = true
				}
			}
		}
	}
	require.Greater(t, len(named), 40)
}

var held = regexp.MustCompile(`, ([0-9.]+) s$`)

// asCase is the name of a case as Case.String makes it.
func asCase(t *testing.T, name string) string {
	t.Helper()
	return held.ReplaceAllStringFunc(name, func(found string) string {
		hold, err := time.ParseDuration(held.FindStringSubmatch(found)[1] + "s")
		require.NoError(t, err)
		return fmt.Sprintf(", %s", hold)
	})
}
