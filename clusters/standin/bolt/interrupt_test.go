package bolt_test

import (
	"bufio"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt"
)

func TestResetOvertakesWhatIsRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		w := start(t, bolt.Config{Backend: db}).session(t)
		w.write(begin())
		w.expect(success)
		w.write(run(hangQuery))
		<-db.hanging
		w.write(pull(-1))
		w.write(reset())
		w.expect(ignored, ignored, success)
		require.EqualValues(t, 1, db.interrupted.Load())
		w.play(
			on(run(echoQuery, object{"value": 1}), "SUCCESS [fields:[value]]"),
			on(pull(-1), "RECORD [1]", readEnd),
		)
	})
}

func TestEveryResetIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		w := start(t, bolt.Config{Backend: db}).session(t)
		w.write(run(hangQuery))
		<-db.hanging
		for _, m := range [][]byte{reset(), run(createQuery), reset(), run(echoQuery)} {
			w.write(m)
		}
		synctest.Wait()
		w.expect(ignored, success, ignored, success, "SUCCESS [fields:[value]]")
		require.Zero(t, db.created.Load(), "what stands before the last RESET has no effect")
	})
}

func TestResetEndsALongResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, bolt.Config{Backend: newDatabase()}).session(t)
		w.play(on(run(rangeQuery, object{"n": 1 << 40}), fieldsOfRange))
		w.write(pull(-1))
		w.expect(row("1"))
		w.write(reset())
		last := ""
		for last != success && last != "EOF" {
			last = w.read()
		}
		require.Equal(t, success, last)
	})
}

func TestLosingTheClientInterruptsWhatIsRunning(t *testing.T) {
	for name, leave := range map[string]func(*wire){
		"goodbye":    func(w *wire) { w.write(goodbye()); w.expect(ignored, "EOF") },
		"connection": func(w *wire) { w.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := newDatabase()
				w := start(t, bolt.Config{Backend: db}).session(t)
				w.write(run(hangQuery))
				<-db.hanging
				leave(w)
				synctest.Wait()
				require.EqualValues(t, 1, db.interrupted.Load())
				require.Zero(t, db.openSessions())
			})
		})
	}
}

func TestAClientThatLeavesInTheMiddleOfRowsIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		w := start(t, bolt.Config{Backend: db}).session(t)
		w.write(run(rangeQuery, object{"n": 1 << 40}))
		w.write(pull(-1)) // and never reads an answer
		synctest.Wait()
		require.Equal(t, 1, db.openSessions())
		w.Close()
		synctest.Wait()
		require.Zero(t, db.openSessions())
	})
}

// TestAClientThatStopsSendingAndNeverReadsIsForgotten: its half of the
// connection is closed, so what blocks the writer will never be read.
func TestAClientThatStopsSendingAndNeverReadsIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		s := start(t, bolt.Config{Backend: db})
		said, heard := net.Pipe()
		answered, read := net.Pipe()
		defer read.Close()
		s.accept <- halves{heard, answered}
		w := &wire{t: t, Conn: said, from: bufio.NewReader(read)}
		require.Equal(t, "00000205", w.handshake(0x0205))
		w.play(on(hello(), identity), on(logon(), identity), on(run(rangeQuery, object{"n": 1 << 40}), fieldsOfRange))
		w.write(pull(-1))
		synctest.Wait()
		require.Equal(t, 1, db.openSessions())
		require.NoError(t, said.Close())
		synctest.Wait()
		require.Zero(t, db.openSessions())
	})
}

// halves is a connection whose directions can be closed one by one.
type halves struct {
	net.Conn
	out net.Conn
}

func (h halves) Write(b []byte) (int, error) { return h.out.Write(b) }

func (h halves) Close() error { return errors.Join(h.Conn.Close(), h.out.Close()) }

func TestReadingAheadIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		message  []byte
		accepted int // more than which must not be taken
	}{
		"in messages": {pull(-1), 66},
		"in bytes":    {run(echoQuery, object{"value": string(make([]byte, 40_000))}), 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := newDatabase()
				w := start(t, bolt.Config{Backend: db, MaxMessage: 100_000}).session(t)
				w.write(run(hangQuery))
				<-db.hanging
				taken := 0
				go func() {
					for {
						if _, err := w.Write(c.message); err != nil {
							return
						}
						taken++
					}
				}()
				synctest.Wait()
				require.LessOrEqual(t, taken, c.accepted)
				require.Positive(t, taken)
			})
		})
	}
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newDatabase()
		s := start(t, bolt.Config{Backend: db})
		hangs, idle := s.session(t), s.dial(t)
		hangs.write(run(hangQuery))
		<-db.hanging
		require.NoError(t, s.Server.Close())
		require.Zero(t, db.openSessions())
		require.EqualValues(t, 1, db.interrupted.Load())
		idle.expect("EOF")

		late := newPipes()
		require.NoError(t, s.Serve(late))
		_, err := late.Accept()
		require.Error(t, err, "a listener that comes too late is closed")
	})
}

func TestConnectionsOutliveTheirListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, bolt.Config{Backend: newDatabase()})
		w := s.session(t)
		require.NoError(t, s.pipes.Close())
		synctest.Wait()
		w.play(on(run(echoQuery), "SUCCESS [fields:[value]]"))
	})
}
