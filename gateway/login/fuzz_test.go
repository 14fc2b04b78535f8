package login_test

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// FuzzOpening lets a client say anything, in pieces of any size, to a main that refuses
// every password but one. Whatever it says, a replica hears no more than a handshake and
// a HELLO before the main has accepted a login, and nobody is let in otherwise.
func FuzzOpening(f *testing.F) {
	for _, o := range openings {
		f.Add(bytes.Join(o.said, nil), o.bolt, uint16(7))
	}
	f.Add(join(bolt52, hello, logon("wrong"), run), byte(52), uint16(1))
	f.Add(join(bolt44, oldLogin("wrong"), run), byte(44), uint16(100))
	f.Add([]byte{0x16, 3, 1}, byte(52), uint16(1))
	f.Add(join(bolt52, make([]byte, 9000)), byte(52), uint16(1000))
	f.Fuzz(func(t *testing.T, said []byte, bolt byte, size uint16) {
		inHouse(t, func(t *testing.T, h *house) {
			a, b := &instance{name: "a", bolt: bolt, users: true}, &instance{name: "b", bolt: bolt}
			h.start(a)
			h.start(b)
			h.main("a")
			h.readers("b")
			client := h.connect()
			go func() { _ = ended(t, client) }()
			for rest := said; len(rest) > 0; {
				n := min(int(size)+1, len(rest))
				if _, err := client.Write(rest[:n]); err != nil {
					break
				}
				rest = rest[n:]
				synctest.Wait()
			}
			synctest.Wait()
			logins := h.counters().Logins
			require.Zero(t, logins[gateway.LoginRemembered]+logins[gateway.LoginUnchecked])
			if logins[gateway.LoginAccepted] == 0 {
				require.LessOrEqual(t, len(b.tags()), 1)
				if tags := b.tags(); len(tags) == 1 {
					require.Equal(t, byte(0x01), tags[0])
					require.GreaterOrEqual(t, bolt, byte(51), "a HELLO that is a login has passed")
				}
			} else {
				require.True(t, bytes.Contains(said, text("p")), "a wrong password was accepted")
			}
			_ = client.Close()
		})
	})
}
