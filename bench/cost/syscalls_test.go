package cost

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheTotalOfASummaryIsRead(t *testing.T) {
	const summary = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.02    0.052001           5     10234      5117 read
 38.98    0.033222           6      5117           write
------ ----------- ----------- --------- --------- ----------------
100.00    0.085223           5     15351      5117 total
`
	calls, err := totalCalls(summary)
	require.NoError(t, err)
	require.EqualValues(t, 15351, calls)
	_, err = totalCalls("")
	require.ErrorContains(t, err, "no total")
}
