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

	mu    *sync.Mutex
	until map[key]time.Time
}

func newMemory(keep time.Duration) memory {
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // it never fails
	return memory{secret: secret, keep: keep, mu: new(sync.Mutex), until: make(map[key]time.Time)}
}

func (m memory) key(content []byte) (k key) {
	hash := hmac.New(sha256.New, m.secret)
	hash.Write(content)
	hash.Sum(k[:0])
	return k
}

func (m memory) add(k key, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, again := m.until[k]; !again && len(m.until) >= maxKnown {
		m.makeRoom(now)
	}
	m.until[k] = now.Add(m.keep)
}

// makeRoom forgets what is too old, or else any one: a client that is forgotten waits for
// a main like everybody.
func (m memory) makeRoom(now time.Time) {
	for k, until := range m.until {
		if !now.Before(until) {
			delete(m.until, k)
		}
	}
	for k := range m.until {
		if len(m.until) < maxKnown {
			return
		}
		delete(m.until, k)
	}
}

func (m memory) has(k key, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	until, ok := m.until[k]
	if ok && !now.Before(until) {
		delete(m.until, k)
		return false
	}
	return ok
}

func (m memory) forget(k key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.until, k)
}
