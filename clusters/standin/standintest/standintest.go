// Package standintest is what tests need that run a stand-in in their own process.
package standintest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// Free is an address with a port below those that the kernel gives to clients, so that no
// connection takes it between two uses.
func Free(t testing.TB) (address string) {
	t.Helper()
	for range 1000 {
		address = fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if listener, err := net.Listen("tcp", address); err == nil {
			require.NoError(t, listener.Close())
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}
