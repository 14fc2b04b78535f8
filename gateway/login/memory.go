package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// maxKnown bounds how many logins are remembered. An application has one for each of
// its users, and one more for each way in which its drivers write the message.
const maxKnown = 10_000

// key stands for the message with the credentials. Without the secret of this process it
// says nothing about them.
type key [sha256.Size]byte

// memory holds the logins that the main has accepted lately.
type memory struct {
	secret []byte
	keep   time.Duration

	mu       *sync.Mutex
	accepted map[key]time.Time // the last time
}

func newMemory(keep time.Duration) memory {
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // it never fails
	return memory{secret: secret, keep: keep, mu: new(sync.Mutex), accepted: make(map[key]time.Time)}
}

func (m memory) key(content []byte) (k key) {
	hash := hmac.New(sha256.New, m.secret)
	hash.Write(content)
	hash.Sum(k[:0])
	return k
}

// learn takes note of what the main has said. Who waits for the same answer finds it
// here, so this comes before they are told that it is there.
func (m memory) learn(k key, said answer, now time.Time) {
	switch said {
	case yes:
		m.add(k, now)
	case no:
		m.forget(k)
	}
}

func (m memory) add(k key, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, again := m.accepted[k]; !again && len(m.accepted) >= maxKnown {
		m.makeRoom(now)
	}
	m.accepted[k] = now
}

// makeRoom forgets what is too old, or else any one: a client that is forgotten waits for
// a main like everybody.
func (m memory) makeRoom(now time.Time) {
	for k, at := range m.accepted {
		if now.Sub(at) >= m.keep {
			delete(m.accepted, k)
		}
	}
	for k := range m.accepted {
		if len(m.accepted) < maxKnown {
			return
		}
		delete(m.accepted, k)
	}
}

// acceptedSince tells whether the main has accepted the login after a time.
func (m memory) acceptedSince(k key, since time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.accepted[k]
	return ok && at.After(since)
}

func (m memory) forget(k key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.accepted, k)
}
