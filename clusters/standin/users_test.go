package standin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	standin "memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/bolt"
)

func (l *lab) login(name, user, password string) error {
	return l.session(name).Login(l.t.Context(), bolt.Auth{Scheme: "basic", Principal: user, Credentials: password})
}

func (l *lab) refusesLogin(name, user, password string) {
	l.t.Helper()
	requireFailure(l.t, l.login(name, user, password), "Memgraph.ClientError.Security.Unauthenticated", "Authentication failure")
}

func TestAnybodyMayLogInWhileThereAreNoUsers(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		require.NoError(t, l.login("mg1", "whoever", "whatever"))
		l.ok("mg1", "CREATE USER admin IDENTIFIED BY 'pw'")
		l.refusesLogin("mg1", "", "")
		l.refusesLogin("mg1", "admin", "wrong")
		require.NoError(t, l.login("mg1", "admin", "pw"))
		l.fails("mg1", "CREATE USER admin IDENTIFIED BY 'other'", clientError, "User 'admin' already exists.")
		l.ok("mg1", "CREATE USER IF NOT EXISTS admin IDENTIFIED BY 'other'")
		l.restart("mg1")
		require.NoError(t, l.login("mg1", "admin", "pw"), "the password stayed, over a restart too")
		l.ok("mg1", "DROP USER admin")
		require.NoError(t, l.login("mg1", "", ""))
		l.fails("mg1", "DROP USER admin", clientError, "User 'admin' doesn't exist.")
	})
}

// Transcript 21.
func TestUsersOfAReplicaAreLost(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1", "mg2")
		l.ok("mg1", "CREATE USER u IDENTIFIED BY 'p'")
		l.ok("mg2", "CREATE USER u IDENTIFIED BY 'p'")
		l.refusesLogin("mg2", "u", "wrong")
		r := l.ok("mg2", "SHOW USERS", toReplica(10002), "SHOW USERS")
		require.Equal(t, []string{"user"}, r.fields)
		require.Equal(t, [][]any{{"u"}}, r.rows)
		l.ok("mg1", register("b", "STRICT_SYNC"))
		require.Empty(t, l.ok("mg2", "SHOW USERS").rows)
		require.NoError(t, l.login("mg2", "u", "wrong"))
		l.ok("mg1", create(1))
		l.kill("mg1")
		l.ok("mg2", toMain)
		require.NoError(t, l.login("mg2", "u", "wrong"), "the new main accepts anything")
		l.ok("mg2", "CREATE USER IF NOT EXISTS u IDENTIFIED BY 'p'")
		l.refusesLogin("mg2", "u", "wrong")
		l.restart("mg2")
		l.refusesLogin("mg2", "u", "wrong")
	})
}

func TestInitialUserIsCreatedAtTheStart(t *testing.T) {
	inLab(t, func(l *lab) {
		l.startWith("mg1", func(c *standin.Config) { c.InitialUsername, c.InitialPassword = "u", "p" })
		require.NoError(t, l.login("mg1", "u", "p"))
		l.refusesLogin("mg1", "u", "x")
	})
}
