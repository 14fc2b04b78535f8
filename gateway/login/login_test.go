package login_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// openings are the ways in which a client opens a session with the right password.
var openings = map[string]struct {
	bolt byte
	said [][]byte // each waits for the answer to the one before, but where it is joined
}{
	"5.2, step by step":      {52, [][]byte{bolt52, hello, logon("p")}},
	"5.2, pipelined":         {52, [][]byte{bolt52, join(hello, logon("p"))}},
	"5.2, all at once":       {52, [][]byte{join(bolt52, hello, logon("p"))}},
	"5.1":                    {51, [][]byte{bolt52, hello, logon("p")}},
	"5.2, in small chunks":   {52, [][]byte{bolt52, hello, message(3, credentials(0x6A, "p")...)}},
	"5.2, with a no-op":      {52, [][]byte{bolt52, join([]byte{0, 0}, hello, []byte{0, 0}, logon("p"))}},
	"5.2, beside a manifest": {52, [][]byte{handshakeOf([]byte{0, 0, 1, 0xFF}, []byte{0, 8, 8, 5}, []byte{0, 2, 4, 4}, []byte{0, 0, 0, 3}), hello, logon("p")}},
	"5.0":                    {50, [][]byte{bolt52, oldLogin("p")}},
	"4.4":                    {44, [][]byte{bolt44, oldLogin("p")}},
	"4.1":                    {41, [][]byte{bolt44, oldLogin("p")}},
	"1":                      {10, [][]byte{handshakeOf([]byte{0, 0, 0, 1}), whole(join([]byte{0xB2, 0x01}, text("agent"), credentials(0, "p")[2:])...)}},
}

func TestLoginThatTheMainAcceptsReadsAtAReplica(t *testing.T) {
	for name, o := range openings {
		for _, size := range []int{1, 7, 10_000} {
			t.Run(fmt.Sprintf("%s, %d bytes at once", name, size), func(t *testing.T) {
				inHouse(t, func(t *testing.T, h *house) {
					a, b := &instance{name: "a", bolt: o.bolt, users: true}, &instance{name: "b", bolt: o.bolt}
					h.start(a)
					h.start(b)
					h.main("a")
					h.readers("b")
					client := h.connect()
					for _, said := range o.said {
						for len(said) > 0 {
							n := min(size, len(said))
							say(t, client, said[:n])
							said = said[n:]
							synctest.Wait()
						}
					}
					opening := []byte{0x01}
					hear(t, client, version(o.bolt), success("b"))
					if o.bolt > 50 {
						opening = []byte{0x01, 0x6A}
						hear(t, client, success("b"))
					}
					say(t, client, run)
					hear(t, client, success("b"))
					require.Equal(t, append(opening, 0x10), b.tags())
					require.Equal(t, append(opening, 0x02), a.tags(), "the main is told goodbye")
					require.Equal(t, handshakeOf(version(o.bolt)), a.greeted[0], "and is asked in the client's version")
					require.NotContains(t, string(b.greeted[0]), "\x00\x00\x01\xFF")
					require.Equal(t, map[gateway.Login]uint64{gateway.LoginAccepted: 1}, h.counters().Logins)
					require.Zero(t, a.open)
				})
			})
		}
	}
}

func TestQueryThatDoesNotWaitForTheLoginComesAfterIt(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		_, b, _, _ := h.three()
		h.readers("b")
		client := h.connect()
		say(t, client, bolt52, hello, logon("p"), run, run[:5])
		hear(t, client, version(52), success("b"), success("b"), success("b"))
		say(t, client, run[5:])
		hear(t, client, success("b"))
		require.Equal(t, []byte{0x01, 0x6A, 0x10, 0x10}, b.tags())
	})
}

func TestLoginThatTheMainRefusesGetsItsWordsAndNoReplica(t *testing.T) {
	for name, o := range map[string]struct {
		bolt byte
		said []byte
		hear []byte
		tags []byte
	}{
		"5.2":              {52, join(bolt52, hello, logon("wrong")), join(version(52), success("b"), failure("a")), []byte{0x01}},
		"4.4":              {44, join(bolt44, oldLogin("wrong")), join(version(44), failure("a")), nil},
		"with a query":     {52, join(bolt52, hello, logon("wrong"), run), join(version(52), success("b"), failure("a")), []byte{0x01}},
		"without anything": {52, join(bolt52, hello, whole(0xB1, 0x6A, 0xA0)), join(version(52), success("b"), failure("a")), []byte{0x01}},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(t *testing.T, h *house) {
				b := &instance{name: "b", bolt: o.bolt}
				h.start(&instance{name: "a", bolt: o.bolt, users: true})
				h.start(b)
				h.main("a")
				h.readers("b")
				client := h.connect()
				say(t, client, o.said)
				require.Equal(t, o.hear, ended(t, client))
				require.Equal(t, o.tags, b.tags())
				counters := h.counters()
				require.Equal(t, map[gateway.Login]uint64{gateway.LoginRefused: 1}, counters.Logins)
				require.Equal(t, map[gateway.Rejection]uint64{gateway.RejectLogin: 1}, counters.Rejected)
				require.NotContains(t, h.log.String(), "wrong")
				require.Contains(t, h.log.String(), "reason=login")
			})
		})
	}
}

func TestClientThatOpensAsNoneDoesIsRefused(t *testing.T) {
	huge := message(60_000, append(credentials(0x6A, "p"), make([]byte, 9000)...)...)
	for name, o := range map[string]struct {
		said []byte
		why  gateway.Rejection
		tags []byte // what the replica has heard
		wait time.Duration
	}{
		"TLS":                    {[]byte{0x16, 3, 1, 2, 0, 1}, gateway.RejectTLS, nil, 0},
		"HTTP":                   {[]byte("GET / HTTP/1.1\r\n\r\n"), gateway.RejectOpening, nil, 0},
		"a query before HELLO":   {join(bolt52, run), gateway.RejectOpening, nil, 0},
		"a query before LOGON":   {join(bolt52, hello, run), gateway.RejectOpening, []byte{0x01}, 0},
		"two HELLOs":             {join(bolt52, hello, hello), gateway.RejectOpening, []byte{0x01}, 0},
		"no message of Bolt":     {join(bolt52, whole(1, 2, 3)), gateway.RejectOpening, nil, 0},
		"a message of one byte":  {join(bolt52, whole(0xB0)), gateway.RejectOpening, nil, 0},
		"too much":               {join(bolt52, hello, huge), gateway.RejectOpening, []byte{0x01}, 0},
		"no-ops without end":     {join(bolt52, make([]byte, 9000)), gateway.RejectOpening, nil, 0},
		"goodbye":                {join(bolt52, hello, bye), gateway.RejectDeserted, []byte{0x01}, 0},
		"nothing":                {nil, gateway.RejectOpening, nil, 30 * time.Second},
		"half a handshake":       {bolt52[:11], gateway.RejectOpening, nil, 10 * time.Second},
		"a handshake, no more":   {bolt52, gateway.RejectOpening, nil, 10 * time.Second},
		"a HELLO and no LOGON":   {join(bolt52, hello), gateway.RejectOpening, []byte{0x01}, 10 * time.Second},
		"half a LOGON":           {join(bolt52, hello, logon("p")[:9]), gateway.RejectOpening, []byte{0x01}, 10 * time.Second},
		"a version nobody knows": {handshakeOf([]byte{0, 0, 9, 9}), gateway.RejectOpening, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(t *testing.T, h *house) {
				a, b, _, _ := h.three()
				h.readers("b")
				client := h.connect()
				began := time.Now()
				say(t, client, o.said)
				_ = ended(t, client)
				require.Equal(t, o.wait, time.Since(began))
				require.Equal(t, map[gateway.Rejection]uint64{o.why: 1}, h.counters().Rejected)
				require.Equal(t, o.tags, b.tags())
				require.Empty(t, a.greeted, "the main is asked about logins only")
				require.NoError(t, client.Close())
				synctest.Wait()
				require.Zero(t, h.read.Status().Held)
				require.Empty(t, h.counters().Cut)
			})
		})
	}
}

func TestClientThatTricklesIsBoundedInTime(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.three()
		client, began := h.connect(), time.Now()
		for _, b := range join(bolt52, hello, logon("p")) {
			if _, err := client.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		require.Less(t, time.Since(began), 25*time.Second)
		require.EqualValues(t, 1, h.counters().Rejected[gateway.RejectOpening])
	})
}

func TestClientThatLeavesInItsOpeningIsForgotten(t *testing.T) {
	for n := range len(join(bolt52, hello, logon("p"))) {
		inHouse(t, func(t *testing.T, h *house) {
			h.three()
			client := h.connect()
			say(t, client, join(bolt52, hello, logon("p"))[:n])
			synctest.Wait()
			require.NoError(t, client.Close())
			synctest.Wait()
			require.Empty(t, h.read.Sessions())
			require.Equal(t, map[gateway.Rejection]uint64{gateway.RejectDeserted: 1}, h.counters().Rejected, "after %d bytes", n)
			require.NotContains(t, h.log.String(), "connection refused")
		})
	}
}

func TestManyRefusedLoginsAreOneLineOfTheLog(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.three()
		for range 50 {
			_ = ended(t, h.logIn("wrong"))
		}
		require.EqualValues(t, 50, h.counters().Logins[gateway.LoginRefused])
		require.Equal(t, 1, strings.Count(h.log.String(), "connection refused"))
		time.Sleep(time.Minute)
		_ = ended(t, h.logIn("wrong"))
		synctest.Wait()
		require.Contains(t, h.log.String(), "more_since_last=49")
	})
}

func TestSessionsInTheirOpeningAreBounded(t *testing.T) {
	inHouseWith(t, gateway.Config{}, gateway.Config{MaxHeld: 3}, func(t *testing.T, h *house) {
		h.three()
		var clients []net.Conn
		for range 4 {
			clients = append(clients, h.connect())
			synctest.Wait()
		}
		require.Equal(t, 3, h.read.Status().Held)
		require.Empty(t, ended(t, clients[3]))
		require.EqualValues(t, 1, h.counters().Rejected[gateway.RejectHeld])
		say(t, clients[0], bolt52, hello, logon("p"))
		hear(t, clients[0], version(52))
		synctest.Wait()
		require.Equal(t, 2, h.read.Status().Held, "who has logged in is held no longer")
		require.Equal(t, 1, h.read.Status().Sessions)
	})
}

func TestMainIsAskedAboutFewLoginsAtOnce(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		a, _, _, _ := h.three()
		a.change(func(a *instance) { a.slowly = 100 * time.Millisecond })
		began := time.Now()
		for n := range 80 {
			client := h.connect()
			say(t, client, bolt52, hello, whole(join([]byte{0xB1, 0x6A, 0xA2}, text("principal"), text(fmt.Sprint(n)), text("credentials"), text("p"))...))
		}
		time.Sleep(1001 * time.Millisecond)
		require.EqualValues(t, 80, h.counters().Logins[gateway.LoginAccepted], "after %s", time.Since(began))
		require.Equal(t, 8, a.most)
	})
}

func TestGatewayThatRetiresDoesNotWaitForOpenings(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.three()
		h.main("")
		silent, unsure := h.connect(), h.logIn("p")
		began := time.Now()
		h.read.Retire(t.Context())
		require.Less(t, time.Since(began), 100*time.Millisecond)
		require.Empty(t, ended(t, silent))
		_, err := io.ReadAll(unsure)
		require.NoError(t, err)
		require.EqualValues(t, 2, h.counters().Rejected[gateway.RejectShutdown])
	})
}
