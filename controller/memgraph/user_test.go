package memgraph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnsureUserEscapesThePassword(t *testing.T) {
	for password, literal := range map[string]string{
		"pw":              `'pw'`,
		`it's`:            `'it\'s'`,
		`back\slash`:      `'back\\slash'`,
		`\'; DROP USER a`: `'\\\'; DROP USER a'`,
		`"quoted"`:        `'"quoted"'`,
		"grün ☃":          `'grün ☃'`,
	} {
		client, _ := play(t, on("CREATE USER IF NOT EXISTS `app@example.com` IDENTIFIED BY "+literal))
		require.NoError(t, client.EnsureUser(t.Context(), "app@example.com", password))
	}
}

func TestEnsureUserRefusesNamesAndPasswordsThatCouldDoHarm(t *testing.T) {
	client, _ := play(t)
	for _, user := range []string{"", "a b", "a`b", "a'b", "a;b", "ä", "a\x00"} {
		require.ErrorContains(t, client.EnsureUser(t.Context(), user, "pw"), "may only have letters", "user %q", user)
	}
	for _, password := range []string{"", "a\nb", "a\x00", "\xff"} {
		err := client.EnsureUser(t.Context(), "app", password)
		require.ErrorContains(t, err, "create user app on memgraph-1: ")
		require.ErrorContains(t, err, "password")
	}
}

func TestEnsureUserThatExistsSucceeds(t *testing.T) {
	client, _ := play(t, on("CREATE USER IF NOT EXISTS `app` IDENTIFIED BY 'pw'").refuses("User 'app' already exists."))
	require.NoError(t, client.EnsureUser(t.Context(), "app", "pw"))
}

func TestEnsureUserTriesAgainWhileBusy(t *testing.T) {
	const create = "CREATE USER IF NOT EXISTS `app` IDENTIFIED BY 'pw'"
	client, _ := play(t, on(create).refuses("Multiple concurrent system queries are not supported."), on(create))
	require.NoError(t, client.EnsureUser(t.Context(), "app", "pw"))
}

func TestEnsureUserOnAReplicaFailsAtOnceWithoutThePassword(t *testing.T) {
	client, _ := play(t, on("CREATE USER IF NOT EXISTS `app` IDENTIFIED BY 'secret'").
		refuses("Query forbidden on the replica! Switch role to MAIN and update user data, then switch back to REPLICA."))
	err := client.EnsureUser(t.Context(), "app", "secret")
	require.ErrorContains(t, err, "create user app on memgraph-1: Query forbidden on the replica!")
	require.NotContains(t, err.Error(), "secret")
}
