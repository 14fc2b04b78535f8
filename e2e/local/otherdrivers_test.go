package local

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt/drivers"
)

// Drivers open a connection in different ways: some send login and query at once, some
// wait for each answer. All get in with the main's password, and with no other.
func TestOtherDriversLogInAtTheReadGateway(t *testing.T) {
	all := drivers.Installed(t)
	c := guarded(t)
	keep(t, c)
	for _, driver := range all {
		t.Run(driver.Name, func(t *testing.T) {
			logIn := func(with string) string { return driver.Run(t, "testdata/log_in", "bolt://"+c.Read, user, with) }
			require.Equal(t, "let in: 1", logIn(password))
			require.Regexp(t, `^refused: .*Security\.Unauthenticated$`, logIn("wrong"))
		})
	}
}
