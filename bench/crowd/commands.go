package crowd

import (
	"time"

	"memgraph-controller/bench/remote"
)

// target is an address and a number of connections to it.
type target struct {
	Address string
	N       int
}

// load is what to ask for and for how long.
type load struct {
	Rows  int
	Lasts time.Duration
}

// storm is when connections were cut, and when new ones could be answered.
type storm struct{ Cut, Open time.Time }

// Handlers are the commands of one crowd that is a process of its own.
func Handlers() map[string]remote.Handler {
	var c Crowd
	nothing := remote.Nothing{}
	return map[string]remote.Handler{
		"dial":     remote.Func(func(t target) (any, error) { return nothing, c.Dial(t.Address, t.N) }),
		"greeted":  remote.Func(func(since time.Time) (Times, error) { return times(c.Greeted(since)) }),
		"exchange": remote.Func(func(l load) (Times, error) { return times(c.Exchange(l.Rows, l.Lasts)) }),
		"connect":  remote.Func(func(t target) (Times, error) { return times(Connect(t.Address, t.N)) }),
		"watch":    remote.Func(func(any) (any, error) { c.Watch(); return nothing, nil }),
		"lost":     remote.Func(func(since time.Time) (Times, error) { return times(c.Lost(since)) }),
		"comeback": remote.Func(func(t target) (any, error) { c.ComeBack(t.Address); return nothing, nil }),
		"back":     remote.Func(func(s storm) (Returns, error) { return c.Back(s.Cut, s.Open) }),
		"close":    remote.Func(func(any) (any, error) { c.Close(); return nothing, nil }),
	}
}

func times(all []time.Duration, err error) (Times, error) { return TimesOf(all), err }

// Remote is a crowd in another process, which serves Handlers. Its methods are those
// of Crowd; a time that is passed to them is one of the clock that all processes of
// a machine share.
type Remote struct{ *remote.Process }

// Open opens n connections and waits for the server's part of every handshake.
func (r Remote) Open(address string, n int) error {
	if err := r.Dial(address, n); err != nil {
		return err
	}
	_, err := r.Greeted(time.Now())
	return err
}

func (r Remote) Dial(address string, n int) error { return r.Do("dial", target{address, n}) }

func (r Remote) Greeted(since time.Time) (t Times, err error) {
	err = r.Call("greeted", since, &t)
	return t, err
}

func (r Remote) Exchange(rows int, lasts time.Duration) (t Times, err error) {
	err = r.Call("exchange", load{rows, lasts}, &t)
	return t, err
}

func (r Remote) Connect(address string, n int) (t Times, err error) {
	err = r.Call("connect", target{address, n}, &t)
	return t, err
}

func (r Remote) Watch() error { return r.Do("watch", nil) }

func (r Remote) Lost(since time.Time) (t Times, err error) {
	err = r.Call("lost", since, &t)
	return t, err
}

func (r Remote) ComeBack(address string) error { return r.Do("comeback", target{Address: address}) }

func (r Remote) Back(cut, open time.Time) (returns Returns, err error) {
	err = r.Call("back", storm{cut, open}, &returns)
	return returns, err
}

func (r Remote) Close() error { return r.Do("close", nil) }
