package conformance

import (
	"fmt"

	"github.com/stretchr/testify/require"
)

// since tells whether i is of this version or a later one.
func (i *instance) since(major, minor int) bool {
	i.t.Helper()
	shown := i.run("SHOW VERSION")
	require.Equal(i.t, []string{"version"}, shown.columns)
	var isMajor, isMinor int
	_, err := fmt.Sscanf(shown.rows[0][0].(string), "%d.%d", &isMajor, &isMinor)
	require.NoError(i.t, err)
	return isMajor > major || isMajor == major && isMinor >= minor
}

// unconfirmed is part of the text of a commit that a replica did not confirm.
func (i *instance) unconfirmed(mode string) string {
	i.t.Helper()
	if i.since(3, 10) {
		return fmt.Sprintf("Failed to replicate to %s replica 'b'", mode)
	}
	return fmt.Sprintf("At least one %s replica has not confirmed committing last transaction.", mode)
}
