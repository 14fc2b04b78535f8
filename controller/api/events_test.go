package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// changing is a backend whose status a test replaces.
type changing struct {
	*fakeBackend
	now atomic.Pointer[Status]
}

func newChanging() *changing {
	b := &changing{fakeBackend: healthyBackend()}
	b.change(func(*Status) {})
	return b
}

func (b *changing) Status() Status { return *b.now.Load() }

func (b *changing) change(how func(*Status)) {
	status := b.status
	if last := b.now.Load(); last != nil {
		status = *last
	}
	how(&status)
	b.now.Store(&status)
}

// listen opens a stream; it returns what comes on it, with the time, until it ends.
func listen(t *testing.T, listener pipes) (states <-chan heard, hangUp func()) {
	conn := listener.dial()
	_, err := conn.Write([]byte("GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, err)
	out := make(chan heard, 1000)
	go func() {
		defer close(out)
		lines := bufio.NewScanner(conn)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var state State
				if json.Unmarshal([]byte(data), &state) != nil {
					return
				}
				out <- heard{time.Now(), state}
			}
		}
	}()
	return out, func() { _ = conn.Close() }
}

type heard struct {
	at time.Time
	State
}

func TestEventsTellAChangeAtOnceAndTheRestOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := newChanging()
		listener, stop := runInMemory(t, backend)
		defer stop()
		states, hangUp := listen(t, listener)
		defer hangUp()
		first := <-states
		require.Equal(t, "memgraph-0", first.Status.Record.Main)
		require.NotNil(t, first.Failovers)
		require.InDelta(t, tellEvery.Seconds(), (<-states).at.Sub(first.at).Seconds(), 0.001)

		time.Sleep(lookEvery / 2)
		changed := time.Now()
		backend.change(func(s *Status) { s.Epoch++ })
		next := <-states
		require.EqualValues(t, 8, next.Status.Epoch)
		require.LessOrEqual(t, next.at.Sub(changed), lookEvery)
	})
}

func TestAnEventOfKubernetesIsToldWithoutDelay(t *testing.T) {
	state := State{Events: []Event{{Object: "Pod memgraph-0", Reason: "Started", Count: 1}}}
	before := state.essence()
	require.Equal(t, before, state.essence(), "nothing has changed")
	state.Events = append(state.Events, Event{Object: "Pod memgraph-0", Reason: "Unhealthy", Count: 1})
	another := state.essence()
	require.NotEqual(t, before, another)
	state.Events[1].Count++
	require.NotEqual(t, another, state.essence(), "it has happened again")
}

func TestEventsGoOnLongerThanOtherCallsMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, stop := runInMemory(t, newChanging())
		defer stop()
		states, hangUp := listen(t, listener)
		defer hangUp()
		begun := (<-states).at
		for state := range states {
			if state.at.Sub(begun) > 10*(readTimeout+writeTimeout+idleTimeout) {
				return
			}
		}
		t.Fatal("the stream ended")
	})
}

func TestEventsEndWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, stop := runInMemory(t, newChanging())
		states, hangUp := listen(t, listener)
		defer hangUp()
		<-states
		begun := time.Now()
		stop()
		require.Less(t, time.Since(begun), shutdownGrace)
		for range states {
		}
	})
}

func TestWhoDoesNotTakeItsEventsIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, stop := runInMemory(t, newChanging())
		defer stop()
		conn := listener.dial()
		_, err := conn.Write([]byte("GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n"))
		require.NoError(t, err)
		time.Sleep(2 * writeTimeout)
		_, err = io.Copy(io.Discard, conn)
		require.NoError(t, err, "what the kernel still had, and the end")
	})
}

func TestEventsAreForSoManyPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, stop := runInMemory(t, newChanging())
		defer stop()
		var first func()
		for n := range maxStreams {
			states, hangUp := listen(t, listener)
			<-states
			if n == 0 {
				first = hangUp
			} else {
				defer hangUp()
			}
		}
		require.Contains(t, answerTo(t, listener.dial()), fmt.Sprintf("%d pages are open already", maxStreams))
		first()
		time.Sleep(tellEvery + lookEvery)
		states, hangUp := listen(t, listener)
		defer hangUp()
		<-states
	})
}

// answerTo is the whole answer to one more that wants events.
func answerTo(t *testing.T, conn net.Conn) string {
	t.Helper()
	defer func() { _ = conn.Close() }()
	_, err := conn.Write([]byte("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(answer)
}
