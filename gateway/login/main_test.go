package login_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// transient expects the failure that drivers try again, and the end.
func transient(t *testing.T, said []byte) {
	t.Helper()
	require.Contains(t, string(said), "Memgraph.TransientError.MemgraphError.MemgraphError")
	require.Contains(t, string(said), "there is no main to ask")
	require.Equal(t, byte(0x7F), said[3])
	require.Equal(t, len(said), 4+int(said[0])<<8+int(said[1]))
}

func TestUnknownLoginWaitsForAMain(t *testing.T) {
	for name, lose := range map[string]func(h *house, a *instance, stop func()){
		"there is none":            func(h *house, _ *instance, _ func()) { h.main("") },
		"it is dead":               func(_ *house, _ *instance, stop func()) { stop() },
		"it is frozen":             func(_ *house, a *instance, _ func()) { a.change(func(a *instance) { a.silent = true }) },
		"no packet reaches it":     func(h *house, _ *instance, _ func()) { h.net.Silence("a", true) },
		"it dies of the handshake": func(_ *house, a *instance, _ func()) { a.change(func(a *instance) { a.bolt = 0 }) },
		"it dies with the HELLO": func(_ *house, a *instance, _ func()) {
			a.change(func(a *instance) { a.dies, a.ends = true, map[byte]bool{0x01: true} })
		},
		"it dies with the login": func(_ *house, a *instance, _ func()) {
			a.change(func(a *instance) { a.dies, a.ends = true, map[byte]bool{0x6A: true} })
		},
		"it speaks another version": func(_ *house, a *instance, _ func()) { a.change(func(a *instance) { a.bolt = 44 }) },
		"it thinks for too long":    func(_ *house, a *instance, _ func()) { a.change(func(a *instance) { a.slowly = 6 * time.Second }) },
		"writes are paused": func(h *house, _ *instance, _ func()) {
			h.epoch++
			h.write.Follow(gateway.Route{Epoch: h.epoch, Flow: gateway.Paused, Upstreams: []string{"a"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(t *testing.T, h *house) {
				a, b, c, stop := h.three()
				d := &instance{name: "d", bolt: 52, users: true}
				h.start(d)
				lose(h, a, stop)
				right, wrong, late := h.logIn("p"), h.logIn("wrong"), h.logIn("p")
				time.Sleep(20 * time.Second)
				waits(t, right)
				require.Equal(t, 3, h.read.Status().Held)

				h.main("d")
				time.Sleep(3 * time.Second)
				require.Contains(t, "bc", reads(t, right))
				require.Contains(t, "bc", reads(t, late))
				require.Equal(t, failure("d"), ended(t, wrong))
				require.Equal(t, map[gateway.Login]uint64{gateway.LoginAccepted: 2, gateway.LoginRefused: 1}, h.counters().Logins)
				require.Len(t, append(b.tags(), c.tags()...), 3+2+2+2, "three HELLOs and two again, for no server waits so long; two logins with queries")
			})
		})
	}
}

func TestLoginThatNoMainAnswersFailsSuchThatDriversTryAgain(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		_, b, _, _ := h.three()
		h.readers("b")
		h.main("")
		began := time.Now()
		client := h.logIn("p")
		transient(t, ended(t, client))
		require.Equal(t, 30*time.Second, time.Since(began))
		require.Equal(t, []byte{0x01}, b.tags(), "it was not let through")
		require.Equal(t, map[gateway.Login]uint64{gateway.LoginUnchecked: 1}, h.counters().Logins)
		require.Equal(t, map[gateway.Rejection]uint64{gateway.RejectNoMain: 1}, h.counters().Rejected)
	})
}

func TestKnownLoginReadsWithoutAMain(t *testing.T) {
	for name, o := range map[string]struct {
		lose   func(h *house, a *instance, stop func())
		within time.Duration // until the first of them reads
	}{
		"there is none":        {func(h *house, _ *instance, _ func()) { h.main("") }, 0},
		"it is dead":           {func(_ *house, _ *instance, stop func()) { stop() }, 0},
		"it is frozen":         {func(_ *house, a *instance, _ func()) { a.change(func(a *instance) { a.silent = true }) }, 5 * time.Second},
		"no packet reaches it": {func(h *house, _ *instance, _ func()) { h.net.Silence("a", true) }, 5 * time.Second},
		"it is seen to be frozen": {func(h *house, a *instance, _ func()) {
			a.change(func(a *instance) { a.silent = true })
			time.AfterFunc(2*time.Second, func() { h.write.Follow(gateway.Route{Epoch: 9, Flow: gateway.Closed}) })
		}, 2 * time.Second},
		"it dies with the login": {func(_ *house, a *instance, _ func()) {
			a.change(func(a *instance) { a.dies, a.ends = true, map[byte]bool{0x6A: true} })
		}, 0},
		"it speaks another version": {func(_ *house, a *instance, _ func()) { a.change(func(a *instance) { a.bolt = 44 }) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(t *testing.T, h *house) {
				a, _, _, stop := h.three()
				require.Contains(t, "bc", reads(t, h.logIn("p")))
				time.Sleep(10 * time.Second)
				o.lose(h, a, stop)
				began := time.Now()
				reads(t, h.logIn("p"))
				require.Equal(t, o.within, time.Since(began))
				for range 100 {
					reads(t, h.logIn("p"))
				}
				require.Equal(t, o.within, time.Since(began), "nobody waits again at once")
				require.EqualValues(t, 101, h.counters().Logins[gateway.LoginRemembered])
				waits(t, h.logIn("another"))
			})
		})
	}
}

func TestLoginIsKnownHoweverItsDriverOrdersIt(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.three()
		reads(t, h.logIn("p"))
		h.main("")
		client := h.connect()
		say(t, client, bolt52, hello, reordered("p"))
		hear(t, client, version(52))
		_, err := read(client)
		require.NoError(t, err)
		reads(t, client)
		require.EqualValues(t, 1, h.counters().Logins[gateway.LoginRemembered])
	})
}

// To compare a password takes a main 250 ms of a core.
func TestMainIsAskedAboutALoginOnceInTenSeconds(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		a, _, _, _ := h.three()
		a.change(func(a *instance) { a.slowly = 250 * time.Millisecond })
		asked := []byte{0x01, 0x6A, 0x02}
		var clients []net.Conn
		for range 100 {
			clients = append(clients, h.logIn("p"))
		}
		for _, client := range clients {
			reads(t, client)
		}
		require.Equal(t, asked, a.tags())
		time.Sleep(9900 * time.Millisecond)
		reads(t, h.logIn("p"))
		require.Equal(t, asked, a.tags())
		time.Sleep(100 * time.Millisecond)
		reads(t, h.logIn("p"))
		require.Equal(t, append(asked, asked...), a.tags())
		require.Equal(t, map[gateway.Login]uint64{gateway.LoginAccepted: 102}, h.counters().Logins)
	})
}

// A client cannot make the gateway take the main for one that does not answer.
func TestClientOnWhomTheMainHangsUpIsRefusedAndNobodyElseNotices(t *testing.T) {
	for _, tag := range []byte{0x01, 0x6A} {
		inHouse(t, func(t *testing.T, h *house) {
			a, _, _, _ := h.three()
			a.change(func(a *instance) { a.ends = map[byte]bool{tag: true} })
			bad := h.logIn("bad")
			a.change(func(a *instance) { a.ends = nil })
			reads(t, h.logIn("p"))
			a.change(func(a *instance) { a.ends = map[byte]bool{tag: true} })
			require.Empty(t, ended(t, bad))
			require.Equal(t, map[gateway.Rejection]uint64{gateway.RejectOpening: 1}, h.counters().Rejected)
			require.Equal(t, map[gateway.Login]uint64{gateway.LoginAccepted: 1}, h.counters().Logins)
		})
	}
}

func TestKnownLoginIsForgottenAfterAnHour(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.three()
		reads(t, h.logIn("p"))
		h.main("")
		time.Sleep(time.Hour - time.Second)
		reads(t, h.logIn("p"))
		time.Sleep(time.Second)
		transient(t, ended(t, h.logIn("p")))
	})
}

func TestLoginThatAMainRefusesIsForgottenAtOnce(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		a, _, _, _ := h.three()
		a.change(func(a *instance) { a.users = false })
		reads(t, h.logIn("old"))
		a.change(func(a *instance) { a.users = true }) // and "p" is the password now
		time.Sleep(10 * time.Second)
		require.Equal(t, failure("a"), ended(t, h.logIn("old")))
		h.main("")
		transient(t, ended(t, h.logIn("old")))
	})
}

// A main that is demoted and registered has no users from then on.
func TestAnswerOfAMainThatIsNoneAnyMoreDoesNotCount(t *testing.T) {
	for name, change := range map[string]func(h *house){
		"it was lost":           func(h *house) { h.main("") },
		"another one has come":  func(h *house) { h.main("d") },
		"it was so for a while": func(h *house) { h.main("d"); h.main("a") },
		"it is paused": func(h *house) {
			h.epoch++
			h.write.Follow(gateway.Route{Epoch: h.epoch, Flow: gateway.Paused, Upstreams: []string{"a"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(t *testing.T, h *house) {
				a, _, _, _ := h.three()
				h.start(&instance{name: "d", bolt: 52, users: true})
				a.change(func(a *instance) { a.users, a.slowly = false, time.Second })
				client := h.logIn("wrong")
				time.Sleep(500 * time.Millisecond)
				change(h)
				a.change(func(a *instance) { a.users = true }) // for the time after
				h.main("d")
				require.Equal(t, failure("d"), ended(t, client))
				require.Equal(t, map[gateway.Login]uint64{gateway.LoginRefused: 1}, h.counters().Logins)
				h.main("")
				transient(t, ended(t, h.logIn("wrong")))
			})
		})
	}
}

// Another controller may have made another main by then.
func TestMainIsNotAskedByAGatewayThatIsCutOff(t *testing.T) {
	inHouseWith(t, gateway.Config{IsolationAfter: 1500 * time.Millisecond}, gateway.Config{}, func(t *testing.T, h *house) {
		a, _, _, _ := h.three()
		h.write.Confirm(time.Now())
		reads(t, h.logIn("p"))
		time.Sleep(10 * time.Second)
		a.change(func(a *instance) { a.users = false })
		unknown := h.logIn("wrong")
		reads(t, h.logIn("p"))
		require.EqualValues(t, 1, h.counters().Logins[gateway.LoginRemembered])
		a.change(func(a *instance) { a.users = true })
		h.write.Confirm(time.Now())
		require.Equal(t, failure("a"), ended(t, unknown))
	})
}

func TestAnswerThatComesWhenTheGatewayIsCutOffDoesNotCount(t *testing.T) {
	inHouseWith(t, gateway.Config{IsolationAfter: 1500 * time.Millisecond}, gateway.Config{}, func(t *testing.T, h *house) {
		a, _, _, _ := h.three()
		a.change(func(a *instance) { a.users, a.slowly = false, 1600*time.Millisecond })
		h.write.Confirm(time.Now())
		client := h.logIn("wrong")
		time.Sleep(2 * time.Second)
		waits(t, client)
	})
}

func TestReplicaThatLeavesWhileALoginWaitsIsReplaced(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		_, b, c, _ := h.three()
		h.main("")
		h.readers("b")
		client := h.logIn("p")
		h.readers("c")
		require.Equal(t, []byte{0x01}, b.tags())
		require.Equal(t, []byte{0x01}, c.tags(), "it is told what the client has said, and the client nothing")
		h.readers()
		h.main("a")
		waits(t, client)
		require.Equal(t, 1, h.read.Status().Held)
		h.readers("c")
		require.Equal(t, "c", reads(t, client))
		require.Equal(t, []byte{0x01}, b.tags())
	})
}

func TestReplicaThatDiesWhileALoginWaitsIsReplaced(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.main("")
		h.start(&instance{name: "a", bolt: 52, users: true})
		stop := h.start(&instance{name: "b", bolt: 52})
		h.readers("b")
		client := h.logIn("p")
		stop()
		h.start(&instance{name: "c", bolt: 52})
		h.readers("c")
		h.main("a")
		require.Equal(t, "c", reads(t, client))
	})
}

func TestReplicasThatDisagreeAboutTheVersionShareNoSession(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.three()
		d := &instance{name: "d", bolt: 44}
		h.start(d)
		h.main("")
		h.readers("b")
		client := h.logIn("p")
		h.readers("d")
		require.Empty(t, ended(t, client))
		require.Empty(t, d.tags())
	})
}

func TestReplicaThatHangsUpOnAClientIsTriedOnceMoreElsewhere(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.three()
		bad := map[byte]bool{0x01: true}
		d, e := &instance{name: "d", bolt: 52, ends: bad}, &instance{name: "e", bolt: 52, ends: bad}
		h.start(d)
		h.start(e)
		for _, pool := range [][]string{{"b", "d"}, {"d", "b"}} {
			h.readers(pool...)
			for range 4 {
				require.Equal(t, "b", reads(t, h.logIn("p")))
			}
		}
		h.readers("d", "e")
		client := h.connect()
		say(t, client, bolt52, hello)
		hear(t, client, version(52))
		require.Empty(t, ended(t, client), "it is taken to be the client's fault")
		h.readers("b")
		reads(t, h.logIn("p"))
		synctest.Wait()
		require.Zero(t, h.read.Status().Counters.DialFailures)
	})
}
