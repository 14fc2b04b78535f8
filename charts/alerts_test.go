package charts_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"memgraph-controller/clusters/command"
)

// alertRule is what these tests look at in a rule.
type alertRule struct {
	Alert               string
	For                 metav1.Duration
	Annotations, Labels map[string]string
}

// rules are the alerts as Prometheus gets them, in a file, and parsed.
func rules(t *testing.T) (file string, parsed []alertRule) {
	t.Helper()
	var object struct{ Spec json.RawMessage }
	require.NoError(t, yaml.Unmarshal([]byte(monitored(t, "rules")), &object))
	file = filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(file, object.Spec, 0o644)) // JSON is YAML
	var spec struct{ Groups []struct{ Rules []alertRule } }
	require.NoError(t, json.Unmarshal(object.Spec, &spec))
	require.Len(t, spec.Groups, 1)
	return file, spec.Groups[0].Rules
}

// monitored renders one part of the chart's monitoring alone.
func monitored(t *testing.T, part string) string {
	t.Helper()
	text, err := template(t, "--show-only=templates/monitoring.yaml", "--set=monitoring."+part+".enabled=true")
	require.NoError(t, err)
	return text
}

// series are samples of metrics, all at one value: `{pod="p1"}` follows the name.
type series map[string]string

// well is a cluster with which nothing is wrong. Controller p1 leads; what p2 says of
// the cluster is old and counts for nothing.
func well() series {
	return series{
		`info{pod="p1"}`:                          "1",
		`info{pod="p2"}`:                          "1",
		`info{pod="p3"}`:                          "1",
		`leader{pod="p1"}`:                        "1",
		`leader{pod="p2"}`:                        "0",
		`leader{pod="p3"}`:                        "0",
		`gate{pod="p1",gate="open"}`:              "1",
		`gate{pod="p2",gate="open"}`:              "0",
		`voter{pod="p1"}`:                         "1",
		`voter{pod="p2"}`:                         "0",
		`paused{pod="p1"}`:                        "0",
		`paused{pod="p2"}`:                        "1",
		`epoch{pod="p1"}`:                         "7",
		`gateway_epoch{pod="p2",gateway="rw"}`:    "7",
		`gateway_running{pod="p1",gateway="ro"}`:  "1",
		`gateway_silenced{pod="p2",gateway="rw"}`: "0",
		`instance_role{pod="p1",instance="graph-0",role="main"}`:        "1",
		`instance_role{pod="p1",instance="graph-1",role="main"}`:        "0",
		`instance_health{pod="p1",instance="graph-0",health="up"}`:      "1",
		`instance_health{pod="p1",instance="graph-1",health="up"}`:      "1",
		`instance_health{pod="p2",instance="graph-1",health="up"}`:      "0",
		`instance_ready{pod="p1",instance="graph-1"}`:                   "1",
		`instance_ready{pod="p2",instance="graph-1"}`:                   "0",
		`instance_unreplicated{pod="p1",instance="graph-0"}`:            "0",
		`instance_unreplicated{pod="p2",instance="graph-0"}`:            "1",
		`instance_quarantined{pod="p1",instance="graph-1"}`:             "0",
		`instance_quarantined{pod="p2",instance="graph-1"}`:             "1",
		`instance_in_read_pool{pod="p1",instance="graph-1"}`:            "1",
		`replica_lag_seconds{pod="p1",instance="graph-1"}`:              "0",
		`replica_lag_seconds{pod="p2",instance="graph-1"}`:              "900",
		`failovers_total{pod="p1",kind="refresh",result="completed"}`:   "0+1",
		`failovers_total{pod="p1",kind="failover",result="completed"}`:  "2",
		`failovers_total{pod="p2",kind="failover",result="superseded"}`: "0",

		`kube_cronjob_created{cronjob="graph-backup"}`:                     "-1e6",
		`kube_cronjob_status_last_successful_time{cronjob="graph-backup"}`: "0+14",

		`kubelet_volume_stats_available_bytes{persistentvolumeclaim="storage-graph-1"}`:       "2e9",
		`kubelet_volume_stats_capacity_bytes{persistentvolumeclaim="storage-graph-1"}`:        "10e9",
		`kubelet_volume_stats_available_bytes{persistentvolumeclaim="storage-other-graph-x"}`: "1",
		`kubelet_volume_stats_capacity_bytes{persistentvolumeclaim="storage-other-graph-x"}`:  "10e9",
	}
}

// Each alert fires for what it is for, when that has lasted as long as it says and not
// before; and no other does, but for those that are named.
func TestAlertsFireForWhatTheyAreFor(t *testing.T) {
	file, parsed := rules(t)
	_, err := run(t, command.New("promtool", "check", "rules", "--lint-fatal", file))
	require.NoError(t, err)
	cases := map[string]struct {
		change series // "" takes it away
		also   []string
	}{
		"MemgraphWritesUnavailable": {change: series{`gate{pod="p1",gate="open"}`: "0"}},
		"MemgraphNoLeader": {change: series{
			`leader{pod="p1"}`: "0", `gate{pod="p1",gate="open"}`: "0", `voter{pod="p1"}`: "0",
		}},
		"MemgraphNoVoter":             {change: series{`voter{pod="p1"}`: "0"}},
		"MemgraphWritesNotReplicated": {change: series{`instance_unreplicated{pod="p1",instance="graph-0"}`: "1"}},
		"MemgraphInstanceDown":        {change: series{`instance_health{pod="p1",instance="graph-1",health="up"}`: "0", `instance_ready{pod="p1",instance="graph-1"}`: "0"}},
		"MemgraphReplicaLags":         {change: series{`replica_lag_seconds{pod="p1",instance="graph-1"}`: "61"}},
		"MemgraphGatewayDown":         {change: series{`gateway_running{pod="p1",gateway="ro"}`: "0"}},
		"MemgraphReadPoolEmpty":       {change: series{`instance_in_read_pool{pod="p1",instance="graph-1"}`: "0"}},
		"MemgraphGatewayBehind":       {change: series{`gateway_epoch{pod="p2",gateway="rw"}`: "6"}},
		"MemgraphInstanceNotReady": {change: series{
			`instance_ready{pod="p1",instance="graph-1"}`: "0",
		}},
		"MemgraphInstanceQuarantined":    {change: series{`instance_quarantined{pod="p1",instance="graph-1"}`: "1"}},
		"MemgraphVolumeFillsUp":          {change: series{`kubelet_volume_stats_available_bytes{persistentvolumeclaim="storage-graph-1"}`: "1.4e9"}},
		"MemgraphBackupTooOld":           {change: series{`kube_cronjob_status_last_successful_time{cronjob="graph-backup"}`: "-100000"}},
		"MemgraphAutomaticActionsPaused": {change: series{`paused{pod="p1"}`: "1"}},
		"MemgraphGatewaySilenced":        {change: series{`gateway_silenced{pod="p2",gateway="rw"}`: "1"}},
		"MemgraphControllerMissing":      {change: series{`info{pod="p3"}`: "", `leader{pod="p3"}`: ""}},
		"MemgraphFailoversTooOften":      {change: series{`failovers_total{pod="p1",kind="failover",result="completed"}`: "0+0.05"}},
		"MemgraphWritesUnavailable: the main is dead": {
			change: series{`instance_health{pod="p1",instance="graph-0",health="up"}`: "0"}, also: []string{"MemgraphInstanceDown"},
		},
		"MemgraphBackupTooOld: none ever succeeded": {change: series{`kube_cronjob_status_last_successful_time{cronjob="graph-backup"}`: ""}},
		"MemgraphNoLeader: nobody is scraped": {change: series{
			`leader{pod="p1"}`: "", `leader{pod="p2"}`: "", `leader{pod="p3"}`: "",
		}},
	}
	var tests []any
	for name, c := range cases {
		alert, _, _ := strings.Cut(name, ":")
		at := slices.IndexFunc(parsed, func(r alertRule) bool { return r.Alert == alert })
		require.GreaterOrEqual(t, at, 0, alert)
		checks := []any{firing(time.Hour, append(c.also, alert)...)}
		if lasts := parsed[at].For.Duration; lasts > 0 {
			checks = append(checks, firing(lasts-sampled))
		}
		tests = append(tests, ruleTest(name, c.change, checks...))
	}
	for _, r := range parsed {
		require.Contains(t, cases, r.Alert, "an alert without a case")
	}
	tests = append(tests, ruleTest("nothing is wrong", nil, firing(time.Hour)))
	data, err := yaml.Marshal(map[string]any{"rule_files": []string{file}, "evaluation_interval": sampled.String(), "tests": tests})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "tests.yaml")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	out, err := run(t, command.New("promtool", "test", "rules", path))
	require.NoError(t, err, out)
}

// sampled is the time between two samples and between two evaluations.
const sampled = 15 * time.Second

func ruleTest(name string, change series, checks ...any) any {
	now := well()
	for s, value := range change {
		now[s] = value
	}
	var input []any
	for _, s := range slices.Sorted(maps.Keys(now)) {
		value := now[s]
		switch {
		case value == "":
			continue
		case !strings.Contains(value, "+"):
			value += "+0"
		}
		metric := "memgraph_controller_" + strings.Replace(s, "{", `{namespace="db",job="graph-controller",`, 1)
		if strings.HasPrefix(s, "kube") {
			metric = strings.Replace(s, "{", `{namespace="db",job="kubernetes",`, 1)
		}
		input = append(input, map[string]string{"series": metric, "values": value + "x400"})
	}
	return map[string]any{"name": name, "interval": sampled.String(), "input_series": input, "promql_expr_test": checks}
}

// firing requires that these alerts fire at a time, and no others.
func firing(at time.Duration, alerts ...string) any {
	samples := []any{}
	for _, a := range alerts {
		samples = append(samples, map[string]any{"labels": `{alertname="` + a + `"}`, "value": 1})
	}
	return map[string]any{
		"expr": `group by (alertname) (ALERTS{alertstate="firing"})`, "eval_time": at.String(), "exp_samples": samples,
	}
}

// A page that is got up for leads to what to do.
func TestEveryAlertHasARunbook(t *testing.T) {
	page, err := os.ReadFile("../docs/runbooks.md")
	require.NoError(t, err)
	_, parsed := rules(t)
	for _, r := range parsed {
		require.Contains(t, string(page), "\n## "+r.Alert+"\n")
		require.Equal(t, "docs/runbooks.md#"+strings.ToLower(r.Alert), r.Annotations["runbook_url"])
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
	}
	headings := regexp.MustCompile(`(?m)^## (Memgraph\w+)$`).FindAllStringSubmatch(string(page), -1)
	require.Len(t, headings, len(parsed), "a runbook without its alert")
}

var metricName = regexp.MustCompile(`\bmemgraph_controller_[a-z_]+`)

// documentedMetrics are those of the reference, which is checked against the code.
func documentedMetrics(t *testing.T) map[string]bool {
	t.Helper()
	page, err := os.ReadFile("../docs/reference.md")
	require.NoError(t, err)
	found := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(memgraph_controller_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		found[row[1]] = true
	}
	require.NotEmpty(t, found)
	return found
}

// A query of a metric that does not exist finds nothing for ever, and says nothing of it.
func TestAlertsAndDashboardAskForMetricsThatThereAre(t *testing.T) {
	there := documentedMetrics(t)
	for part, least := range map[string]int{"rules": 14, "dashboard": 18} {
		text := monitored(t, part)
		asked := map[string]bool{}
		for _, name := range metricName.FindAllString(text, -1) {
			for _, end := range []string{"_sum", "_count", "_bucket"} {
				if of := strings.TrimSuffix(name, end); there[of] {
					name = of
				}
			}
			require.True(t, there[name], "%s: %s", part, name)
			asked[name] = true
		}
		require.GreaterOrEqual(t, len(asked), least, part)
	}
}
