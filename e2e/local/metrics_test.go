package local

import (
	"net"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
)

// manyClients are more than a label with their addresses could hide among.
const manyClients = 200

// The metrics of a program at work follow the conventions (promlint is what `promtool check
// metrics` runs), and neither clients nor failovers make more of them without bound.
func TestMetricsFollowTheConventionsAndStayFew(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs)
	lint(t, c.Metrics())
	before := series(c.Metrics())
	require.NotEmpty(t, before)

	for range manyClients { // each from a port of its own
		for _, address := range []string{c.Write, c.Read} {
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer conn.Close()
		}
	}
	c.Eventually("they are counted", wholeWithin, func() bool {
		return strings.Contains(c.Metrics(), `memgraph_controller_gateway_connections{gateway="rw"} 200`)
	})
	require.Equal(t, before, series(c.Metrics()), "a client makes a series")

	for range 2 {
		main := c.Whole().Record.Main
		c.Signal(main, syscall.SIGKILL)
		c.Until("another main", 10*time.Second, func(s api.Status) bool { return s.Record.Main != "" && s.Record.Main != main })
		c.Whole()
	}
	lint(t, c.Metrics())
	for label, values := range labelValues(c.Metrics()) {
		bound, known := bounds()[label]
		require.True(t, known, "label %s is new: say here how many values it may have", label)
		require.LessOrEqual(t, len(values), bound, "label %s: %v", label, values)
	}
}

// bounds are how many values each label may have in a cluster of three instances.
func bounds() map[string]int {
	return map[string]int{
		"gateway": 2, "instance": 3, "upstream": 3, // one for each of them
		"role": 3, "health": 5, "gate": 3, "flow": 3, "direction": 2, // states
		"kind": 8, "reason": 16, "result": 4, "phase": 8, "le": 16, // fixed sets of words, and buckets
		"version": 1, "cluster": 1,
	}
}

func lint(t *testing.T, metrics string) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(metrics)).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

// What the test above rests on.
func TestAMetricAgainstTheConventionsIsNoticed(t *testing.T) {
	problems, err := promlint.New(strings.NewReader("# HELP x_milliseconds A time.\n# TYPE x_milliseconds gauge\nx_milliseconds 1\n")).Lint()
	require.NoError(t, err)
	require.NotEmpty(t, problems)
}

// series are the names with their labels, sorted.
func series(metrics string) (list []string) {
	for line := range strings.Lines(metrics) {
		if end := strings.LastIndex(line, " "); end > 0 && !strings.HasPrefix(line, "#") {
			list = append(list, line[:end])
		}
	}
	slices.Sort(list)
	return list
}

var label = regexp.MustCompile(`[{,]([a-z_]+)="([^"]*)"`)

// labelValues are the values that each label has.
func labelValues(metrics string) map[string][]string {
	values := map[string][]string{}
	for _, one := range series(metrics) {
		for _, pair := range label.FindAllStringSubmatch(one, -1) {
			if !slices.Contains(values[pair[1]], pair[2]) {
				values[pair[1]] = append(values[pair[1]], pair[2])
			}
		}
	}
	return values
}
