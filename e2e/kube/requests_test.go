package kube

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRequestsOfOneFlowSchemaAreAddedUp(t *testing.T) {
	const metrics = `# TYPE apiserver_flowcontrol_dispatched_requests_total counter
apiserver_flowcontrol_dispatched_requests_total{flow_schema="e2e-controllers",priority_level="workload-low"} 120
apiserver_flowcontrol_dispatched_requests_total{flow_schema="service-accounts",priority_level="workload-low"} 900
apiserver_flowcontrol_dispatched_requests_total{flow_schema="e2e-controllers",priority_level="exempt"} 1.5e+01
apiserver_flowcontrol_rejected_requests_total{flow_schema="e2e-controllers",priority_level="workload-low",reason="x"} 7
`
	n, err := dispatched(metrics, "e2e-controllers")
	require.NoError(t, err)
	require.Equal(t, 135, n)
	n, err = dispatched(metrics, "nobody")
	require.NoError(t, err)
	require.Zero(t, n)
}
