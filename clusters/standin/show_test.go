package standin_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFreshInstanceIsAMain(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		r := l.ok("mg1", "SHOW REPLICATION ROLE")
		require.Equal(t, []string{"replication role"}, r.fields)
		require.Equal(t, [][]any{{"main"}}, r.rows)
		r = l.ok("mg1", "SHOW REPLICAS")
		require.Equal(t, []string{"name", "socket_address", "sync_mode", "system_info", "data_info"}, r.fields)
		require.Empty(t, r.rows)
	})
}
