package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// Nobody could read through such a gateway.
func TestReadGatewayThatChecksLoginsIsRefusedWithADatabaseThatSpeaksTLS(t *testing.T) {
	write := gateway.New(gateway.Config{})
	for _, c := range []struct {
		b    behaviour
		says string
	}{
		{behaviour{CheckLogins: "auto", User: "app", databaseTLS: databaseTLS{DatabaseTLS: true}}, "--check-logins=never"},
		{behaviour{CheckLogins: "always", databaseTLS: databaseTLS{DatabaseTLS: true}}, "--check-logins=never"},
		{behaviour{CheckLogins: "auto", databaseTLS: databaseTLS{DatabaseTLS: true}}, ""},
		{behaviour{CheckLogins: "never", User: "app", databaseTLS: databaseTLS{DatabaseTLS: true}}, ""},
		{behaviour{CheckLogins: "auto", User: "app"}, ""},
	} {
		read, err := c.b.readGateway("127.0.0.1:0", nil, write, slog.New(slog.DiscardHandler), nil)
		if c.says != "" {
			require.ErrorContains(t, err, c.says)
			continue
		}
		require.NoError(t, err)
		require.NotNil(t, read)
	}
}
