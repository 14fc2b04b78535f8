package charts_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/clusters/command"
)

// dashboard is what these tests look at in a dashboard.
type dashboard struct {
	Annotations struct{ List []struct{ Expr string } }
	Panels      []struct {
		ID                 int
		Title, Description string
		GridPos            struct{ X, Y, W, H int }
		Targets            []struct{ RefID, Expr string }
	}
}

func theDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	config := all[*corev1.ConfigMap](decode(t, monitored(t, "dashboard")))
	require.Len(t, config, 1)
	require.Equal(t, "1", config[0].Labels["grafana_dashboard"])
	require.NoError(t, json.Unmarshal([]byte(config[0].Data["memgraph-controller.json"]), &d))
	require.NotEmpty(t, d.Panels)
	return d
}

func TestEveryQueryOfTheDashboardIsOne(t *testing.T) {
	d := theDashboard(t)
	var queries []string
	for _, a := range d.Annotations.List {
		queries = append(queries, a.Expr)
	}
	for _, p := range d.Panels {
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			queries = append(queries, target.Expr)
		}
	}
	for _, q := range queries {
		require.Contains(t, q, `namespace="$namespace",job="$job"`, "it would mix releases")
		_, err := run(t, command.New("promtool", "--experimental", "promql", "format", strings.ReplaceAll(q, "$__rate_interval", "1m")))
		require.NoError(t, err, q)
	}
}

func TestPanelsHaveIDsOfTheirOwnSayWhatTheyShowAndDoNotOverlap(t *testing.T) {
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range theDashboard(t).Panels {
		require.False(t, ids[p.ID], p.Title)
		ids[p.ID] = true
		require.NotEmpty(t, p.Description, p.Title)
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				require.Empty(t, cells[cell], p.Title)
				cells[cell] = p.Title
			}
		}
	}
}
