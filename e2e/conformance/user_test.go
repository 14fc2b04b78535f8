package conformance

import (
	"testing"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
)

// login runs query with these credentials.
func (i *instance) login(user, password, query string) error {
	i.t.Helper()
	_, err := tryAs(i.t.Context(), i.open(neo4j.BasicAuth(user, password, "")), query)
	return err
}

func TestWithoutUsersAnyCredentialsWill(t *testing.T) {
	fact(t, "10")
	a := lone(t)
	require.NoError(t, a.login("anybody", "anything", "RETURN 1"))
}

func TestWithUsersOnlyTheRightPasswordWill(t *testing.T) {
	fact(t, "4.3b", "10")
	needs(t, fresh)
	a := lone(t)
	a.run("CREATE USER u IDENTIFIED BY 'p'")
	require.NoError(t, a.login("u", "p", "SHOW REPLICATION ROLE"))
	a.refused(a.login("u", "wrong", "RETURN 1"), noLogin, "Authentication failure", "wrong password")
	_, err := tryAs(t.Context(), a.open(neo4j.NoAuth()), "RETURN 1")
	a.refused(err, noLogin, "Authentication failure", "no credentials")
}

func TestRegistrationDeletesTheUsersOfAReplica(t *testing.T) {
	fact(t, "4.4a", "4.4b", "4.4c", "21")
	needs(t, fresh)
	a := lone(t)
	b := newInstance(t, "b")
	b.start()
	for _, i := range []*instance{a, b} {
		i.run("CREATE USER u IDENTIFIED BY 'p'")
	}
	require.Error(t, b.login("u", "wrong", "RETURN 1"))
	b.demote()
	a.run(registration(b, "STRICT_SYNC"))
	a.showsSoon("b", "ready")
	require.NoError(t, b.login("u", "wrong", "RETURN 1"))
	a.create(1)
	b.promote()
	require.NoError(t, b.login("u", "wrong", "CREATE (:P {id: 2})"), "nor has the new main any user")

	b.run("CREATE USER IF NOT EXISTS u IDENTIFIED BY 'p'")
	require.Error(t, b.login("u", "wrong", "RETURN 1"))
	require.NoError(t, b.login("u", "p", "CREATE USER IF NOT EXISTS u IDENTIFIED BY 'q'"))
	require.NoError(t, b.login("u", "p", "RETURN 1"), "the password stayed as it was")
}

func TestAnyUserMayRunStatementsAboutReplication(t *testing.T) {
	fact(t, "4.3a", "4.3c", "10")
	needs(t, fresh)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.run("CREATE USER admin IDENTIFIED BY 'pw'")
	require.NoError(t, a.login("admin", "pw", "CREATE USER joe IDENTIFIED BY 'joe'"))
	for _, query := range []string{"SHOW REPLICATION ROLE", "SHOW REPLICAS", "DROP REPLICA b", registration(b, "ASYNC")} {
		require.NoError(t, a.login("joe", "joe", query), query)
	}
	a.refused(a.login("joe", "joe", toMain), final, alreadyOrBusyMain, toMain)
	require.Empty(t, b.run("SHOW USERS").rows, "without credentials, for the replica has no user")
}

func TestUsersHoldOverARestart(t *testing.T) {
	fact(t, "4.4c", "21")
	needs(t, control)
	a := lone(t)
	a.run("CREATE USER `u` IDENTIFIED BY 'it\\'s \\\\'")
	a.kill()
	a.launch()
	require.Eventually(t, func() bool { return a.login("u", `it's \`, "RETURN 1") == nil }, patience, pause)
	a.refused(a.login("u", "wrong", "RETURN 1"), noLogin, "Authentication failure", "wrong password")
}
