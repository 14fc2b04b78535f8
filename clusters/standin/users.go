package standin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"memgraph-controller/clusters/standin/disk"
)

const usersFile = "auth/users.json"

// users is who may log in: anybody, while there are none. Passwords are kept as
// salted SHA-256, which is no protection worth its name and cheap enough for
// thousands of simulated logins; Memgraph uses bcrypt.
type users struct {
	disk   disk.Disk
	chance *chance

	mu    sync.Mutex
	known map[string]password
}

type password struct {
	Salt []byte `json:"salt"`
	Hash []byte `json:"hash"`
}

func (p password) matches(text string) bool {
	return subtle.ConstantTimeCompare(p.Hash, hash(p.Salt, text)) == 1
}

func hash(salt []byte, text string) []byte {
	sum := sha256.Sum256(append(slices.Clone(salt), text...))
	return sum[:]
}

func (u *users) load() error {
	u.known = map[string]password{}
	data, err := u.disk.Read(usersFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, &u.known)
	}
	if err != nil {
		return fmt.Errorf("users %s: %w", usersFile, err)
	}
	return nil
}

// change puts another set of users in the place of the one before.
func (u *users) change(change func(known map[string]password)) error {
	u.mu.Lock()
	next := maps.Clone(u.known)
	change(next)
	u.known = next
	u.mu.Unlock()
	data, err := json.Marshal(next)
	if err != nil {
		return err
	}
	return u.disk.Replace(usersFile, data)
}

func (u *users) set(name, text string) error {
	salt := u.chance.bytes(8)
	return u.change(func(known map[string]password) { known[name] = password{Salt: salt, Hash: hash(salt, text)} })
}

func (u *users) remove(name string) error {
	return u.change(func(known map[string]password) { delete(known, name) })
}

// clear removes everybody, which happens to every replica.
func (u *users) clear() error {
	if len(u.names()) == 0 {
		return nil
	}
	return u.change(func(known map[string]password) { clear(known) })
}

// ensure creates the user that MEMGRAPH_USER and MEMGRAPH_PASSWORD ask for.
func (u *users) ensure(name, text string) error {
	if name == "" || u.exists(name) {
		return nil
	}
	return u.set(name, text)
}

func (u *users) exists(name string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.known[name]
	return ok
}

func (u *users) names() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Sorted(maps.Keys(u.known))
}

// admits tells whether credentials are good enough.
func (u *users) admits(name, text string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.known) == 0 {
		return true
	}
	p, ok := u.known[name]
	return ok && p.matches(text)
}
