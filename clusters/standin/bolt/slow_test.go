package bolt_test

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt"
)

// TestTheLoginHasToFinishInTime has clients that are slow on purpose. However
// far they get, they are cut off at the same time.
func TestTheLoginHasToFinishInTime(t *testing.T) {
	for name, begin := range map[string]func(*testing.T, *server) *wire{
		"says nothing":        func(t *testing.T, s *server) *wire { return s.dial(t) },
		"half a handshake":    func(t *testing.T, s *server) *wire { w := s.dial(t); w.write(make([]byte, 10)); return w },
		"handshake, no HELLO": func(t *testing.T, s *server) *wire { return s.connect(t, 0x0205) },
		"HELLO, no LOGON": func(t *testing.T, s *server) *wire {
			w := s.connect(t, 0x0205)
			w.play(on(hello(), identity))
			return w
		},
		"keep-alives only": func(t *testing.T, s *server) *wire {
			w := s.connect(t, 0x0205)
			go func() {
				for {
					if _, err := w.Write([]byte{0, 0}); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			}()
			return w
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := newDatabase()
				w := begin(t, start(t, bolt.Config{Backend: db, LoginTimeout: 5 * time.Second}))
				begun := time.Now()
				w.expect("EOF")
				require.Equal(t, 5*time.Second, time.Since(begun))
				time.Sleep(time.Second) // for the keep-alives to end
				synctest.Wait()
				require.Zero(t, db.openSessions())
			})
		})
	}
}

func TestAMessageOfOneByteASecondIsNoLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := bolt.Config{Backend: newDatabase(), LoginTimeout: 9500 * time.Millisecond}
		w := start(t, config).connect(t, 0x0205)
		sent := 0
		for _, b := range hello() {
			if _, err := w.Write([]byte{b}); err != nil {
				break
			}
			sent++
			time.Sleep(time.Second)
		}
		require.Equal(t, 10, sent)
	})
}

func TestAnIdleSessionIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, bolt.Config{Backend: newDatabase()}).session(t)
		time.Sleep(100 * time.Hour)
		w.play(on(run(echoQuery), "SUCCESS [fields:[value]]"))
	})
}

func TestHalfAHandshakeAndGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, bolt.Config{Backend: newDatabase()})
		w := s.dial(t)
		w.write([]byte{0x60, 0x60, 0xB0})
		w.Close()
		synctest.Wait() // the goroutines of the connection end, or this test does not
		w = s.connect(t, 0x0205)
		w.play(on(hello(), "SUCCESS [connection_id:bolt-2 server:"+bolt.DefaultAgent+"]"))
	})
}

// TestAViolatorWhoDoesNotReadIsCutOff: the answer to the violation cannot be
// written, and that must not hold the connection.
func TestAViolatorWhoDoesNotReadIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		w := start(t, bolt.Config{Backend: db}).session(t)
		w.write(hello())
		synctest.Wait()
		require.Equal(t, 1, db.openSessions())
		time.Sleep(bolt.DefaultLoginTimeout)
		synctest.Wait()
		require.Zero(t, db.openSessions())
	})
}

func TestServeReportsABrokenListener(t *testing.T) {
	server := bolt.NewServer(bolt.Config{Backend: newDatabase()})
	require.ErrorContains(t, server.Serve(brokenListener{newPipes()}), "accept on pipes: out of order")
	require.NoError(t, server.Close())
}

type brokenListener struct{ *pipes }

func (brokenListener) Accept() (net.Conn, error) { return nil, errors.New("out of order") }
