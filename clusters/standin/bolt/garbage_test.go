package bolt_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt"
)

// TestGarbageHarmsNobodyElse has many clients that send random bytes, at each
// stage of a connection, while one goes on with its work.
func TestGarbageHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		s := start(t, bolt.Config{Backend: db})
		good := s.session(t)
		random := rand.New(rand.NewPCG(1, 2))
		for i := range 300 {
			bad := s.dial(t)
			if i%3 > 0 {
				require.Equal(t, "00000205", bad.handshake(0x0205))
			}
			if i%3 > 1 {
				bad.write(hello())
				bad.write(logon())
			}
			drain(bad, randomBytes(random, 500))
			good.play(
				on(run(echoQuery, object{"value": i}), "SUCCESS [fields:[value]]"),
				on(discard(-1), readEnd),
			)
		}
		synctest.Wait()
		require.Equal(t, 1, db.openSessions())
	})
}

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// drain sends bytes, reads whatever comes back, and goes.
func drain(w *wire, b []byte) {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, w.from)
	}()
	_, _ = w.Write(b)
	w.Close()
	<-gone
}

// FuzzServer sends anything after the handshake, to a session that has logged
// in and to one that has not. Whatever it is, the connection ends with its
// client and the server can be closed.
func FuzzServer(f *testing.F) {
	f.Add(false, append(hello(), logon()...))
	f.Add(true, bytes.Join([][]byte{begin(), run(createQuery), pull(-1), commit(), reset(), goodbye()}, nil))
	f.Add(true, bytes.Join([][]byte{run(rangeQuery, object{"n": 5}), pull(2), discard(-1), logoff(), logon()}, nil))
	f.Add(true, bytes.Join([][]byte{run(graphQuery), pull(1), reset(), reset(), run(brokenQuery), pull(1)}, nil))
	f.Fuzz(func(t *testing.T, loggedIn bool, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			db := newDatabase()
			s := start(t, bolt.Config{Backend: db, MaxMessage: 1 << 16})
			w := s.connect(t, 0x0205)
			if loggedIn {
				w.play(on(hello(), identity), on(logon(), identity))
			}
			drain(w, b)
			synctest.Wait()
			require.Zero(t, db.openSessions())
		})
	})
}
