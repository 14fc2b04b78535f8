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

func TestWithoutUsersAnyCredentialsWill(t *testing.T) { // transcript 10
	t.Parallel()
	a := lone(t)
	require.NoError(t, a.login("anybody", "anything", "RETURN 1"))
}

func TestWithUsersOnlyTheRightPasswordWill(t *testing.T) { // transcript 10
	t.Parallel()
	a := lone(t)
	a.run("CREATE USER u IDENTIFIED BY 'p'")
	require.NoError(t, a.login("u", "p", "SHOW REPLICATION ROLE"))
	a.refused(a.login("u", "wrong", "RETURN 1"), noLogin, "Authentication failure", "wrong password")
	_, err := tryAs(t.Context(), a.open(neo4j.NoAuth()), "RETURN 1")
	a.refused(err, noLogin, "Authentication failure", "no credentials")
}

func TestRegistrationDeletesTheUsersOfAReplica(t *testing.T) { // transcript 21
	t.Parallel()
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

func TestUsersHoldOverARestart(t *testing.T) { // transcript 21
	t.Parallel()
	a := lone(t)
	a.run("CREATE USER `u` IDENTIFIED BY 'it\\'s \\\\'")
	a.kill()
	a.launch()
	require.Eventually(t, func() bool { return a.login("u", `it's \`, "RETURN 1") == nil }, patience, pause)
	a.refused(a.login("u", "wrong", "RETURN 1"), noLogin, "Authentication failure", "wrong password")
}
