package workload

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOutcomeIsUnknownOnlyWhereACommitHasNoAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		asked bool
		err   string
		want  Outcome
	}{
		"no connection was had":             {false, "Timeout while waiting for connection", Failed},
		"the connection broke at the query": {false, "EOF", Failed},
		"the connection broke at the end":   {true, "Connection lost during commit: EOF", Unknown},
		"the voter did not vote, 3.9":       {true, "At least one STRICT_SYNC replica has not confirmed committing last transaction. Transaction will be aborted on all instances.", Failed},
		"the voter did not vote, 3.10":      {true, "Failed to replicate to STRICT_SYNC replica 'b'. Transaction was aborted on all instances.", Failed},
		"a SYNC replica did not confirm":    {true, "At least one SYNC replica has not confirmed committing last transaction.", Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, outcomeOf(c.asked, errors.New(c.err)))
		})
	}
}
