package explore

import (
	"hash/maphash"
	"unsafe"
)

const (
	size     = 3 // instances
	maxGates = 2
	maxLog   = 12
	maxMarks = 6
)

// name refers to an instance: 0 is nobody, 1 the first.
type name uint8

func (n name) String() string { return [...]string{"", "a", "b", "c"}[n] }

// process refers to a process of one instance relative to the one that it has
// now, so that states which differ only in how often it restarted are one.
type process uint8

const (
	noProcess process = iota
	current           // the last one that was started
	former
)

// life is what an instance's process does.
type life uint8

const (
	dead     life = iota
	starting      // a step of the leader started it
	up
	frozen
)

// The modes and states of a registration; the zero mode is none.
const (
	async uint8 = iota + 1
	strict
)

const (
	invalid uint8 = iota
	ready
	replicating
	recovery
)

// registration is what a main knows of a replica. ts is the position in its log
// that it was last seen to have reached, linked that the connection leads to the
// process that runs now.
type registration struct {
	mode, status, ts uint8
	linked           bool
}

// phase is how far a commit is.
type phase uint8

const (
	idle    phase = iota
	stalled       // the voter says nothing
	voted         // the voter has prepared it
	decided       // the main has it; the second phase is to come
	done          // the client is to hear of it
)

// commit is the write under way at a main. Commits are serialised.
type commit struct {
	phase phase
	write uint8 // 0 is a marker
	voter name  // who holds it prepared
	gate  uint8 // whose session waits for the answer, counted from 1
}

// txn is a durable transaction: its database epoch and the write that it is. Its
// position in the log is its timestamp.
type txn uint8

func made(epoch, write uint8) txn { return txn(epoch<<3 | write) }
func (t txn) epoch() uint8        { return uint8(t >> 3) }
func (t txn) write() uint8        { return uint8(t & 7) }

// mark is how far a database epoch came.
type mark struct{ epoch, ts uint8 }

// instance is one database: its disk, its process and what the leader sees.
type instance struct {
	life        life
	hidden      bool // from the leader
	noticed     bool // the leader's side knows that it is lost
	late        bool // it is what it is for longer than any grace
	terminating bool
	damaged     bool // its disk was lost, and what was on it has not come back

	main    bool
	obeys   name // the main that registered it last, if that was not promoted since
	ours    bool // its data are the cluster's
	len     uint8
	log     [maxLog]txn
	marks   uint8
	history [maxMarks]mark
	epoch   uint8
	replica [size]registration
	commit  commit
}

// gate is a write gateway and its clients.
type gate struct {
	upstream name
	flow     uint8 // closed, paused, open
	cutBusy  bool
	follows  bool // the record's epoch
	reported bool // as carried out
	away     bool // from the record
	silenced bool
	write    uint8 // that its client waits for
	sent     bool  // but the main has not begun to commit it
}

const (
	closed uint8 = iota
	paused
	open
)

// member and record are topology's, relative to the present processes and reign.
type member struct {
	process, voted process
	reigns         bool // entered in the present reign
	quarantined    bool
	quarantine     process
}

type record struct {
	main, voter, heir, from name
	flow, plan              uint8
	request                 uint8 // 1 is a switchover
	target                  name
	members                 [size]member
}

// turn is a step that a leader has decided on and not yet done.
type turn struct {
	do               uint8
	instance, target name
	mode             uint8
	record           record
	epoch, reign     bool // the record's grows
	outdated         bool // another reign began since
	void             bool // the process that it was decided on for is gone
	lapsed           bool // the process of the target is
}

// deed is what the leader did in this reign to the present process.
type deed struct {
	crowned, marked, joined, refused, vouched, outlived bool
	refusedBy                                           name
}

// state is a whole cluster at one moment: bytes only, comparable, without
// anything that grows for ever.
type state struct {
	instance [size]instance
	gate     [maxGates]gate
	record   record
	age      uint8 // of the record's epoch: see ages
	leader   turn
	stale    turn // of the leader before, still on its way
	wrote    bool // the leader has saved a record
	deeds    [size]deed
	cut      uint8 // links between instances, one bit each
	faults   uint8 // that may still happen
	writes   uint8 // that clients may still begin
	begun    uint8
	acked    uint8 // bits of writes
	settled  uint8 // writes that every log holds which is not empty
	lostDisk bool
}

// hash of a state. Two states with one hash are taken for one: among ten million
// this happens with a probability of three in a million.
func (s *state) hash(seed maphash.Seed) uint64 {
	return maphash.Bytes(seed, unsafe.Slice((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s)))
}

func (s *state) at(n name) *instance { return &s.instance[n-1] }

func (i *instance) last() mark {
	if i.marks == 0 {
		return mark{}
	}
	return i.history[i.marks-1]
}

// append makes a transaction durable. A replica learns of a new epoch from the
// first transaction of it.
func (i *instance) append(t txn) {
	if t.epoch() != i.epoch {
		i.track()
		i.epoch = t.epoch()
	}
	i.log[i.len] = t
	i.len++
}

// track enters the end of the running epoch; one without a transaction of its own
// leaves no mark.
func (i *instance) track() {
	if i.marks > 0 && i.last().ts == i.len {
		return
	}
	i.history[i.marks] = mark{i.epoch, i.len}
	i.marks++
}

func (i *instance) committedEpoch() uint8 {
	if i.marks > 0 && i.last().ts == i.len {
		return i.last().epoch
	}
	return i.epoch
}

// accepts is the check of a replica's history: the first mark of its epoch decides,
// though a later one may reach further (memgraph-observed 1.1).
func (i *instance) accepts(r *instance) bool {
	epoch := r.committedEpoch()
	if r.len == 0 || epoch == i.epoch {
		return true
	}
	for _, m := range i.history[:i.marks] {
		if m.epoch == epoch {
			return r.len <= m.ts
		}
	}
	return false
}

// wouldAccept is accepts as it would be after a promotion.
func (i *instance) wouldAccept(r *instance) bool {
	after := *i
	after.track()
	after.epoch = 0xff
	return after.accepts(r)
}

// recover is what a start finds on the disk: one mark for each epoch.
func (i *instance) recover(fresh uint8) {
	i.history, i.marks, i.epoch = [maxMarks]mark{}, 0, fresh
	for n, t := range i.log[:i.len] {
		if i.marks == 0 || i.history[i.marks-1].epoch != t.epoch() {
			i.history[i.marks] = mark{epoch: t.epoch()}
			i.marks++
		}
		i.history[i.marks-1].ts = uint8(n + 1)
		i.epoch = t.epoch()
	}
}

func (i *instance) holds(settled uint8) uint8 {
	if i.len == 0 {
		return 0
	}
	held := settled
	for _, t := range i.log[:i.len] {
		held |= bit(t.write())
	}
	return held
}

// bit of a write; a marker has none.
func bit(write uint8) uint8 {
	if write == 0 {
		return 0
	}
	return 1 << (write - 1)
}

// newEpoch is one that nobody uses.
func (s *state) newEpoch() uint8 {
	highest := uint8(0)
	for n := range s.instance {
		i := &s.instance[n]
		highest = max(highest, i.epoch)
		for _, t := range i.log[:i.len] {
			highest = max(highest, t.epoch())
		}
		for _, m := range i.history[:i.marks] {
			highest = max(highest, m.epoch)
		}
	}
	return highest + 1
}

// canonical gives states the same form that differ only in what nothing depends
// on: the common beginning of all logs, marks that can decide nothing, and the
// numbers of epochs.
func (s *state) canonical(gates int) {
	s.cutCommonLog()
	s.pruneMarks()
	s.renameEpochs()
	if gates == 2 && less(&s.gate[1], &s.gate[0]) {
		s.gate[0], s.gate[1] = s.gate[1], s.gate[0]
		for n := range s.instance {
			if c := &s.instance[n].commit; c.gate > 0 {
				c.gate = 3 - c.gate
			}
		}
	}
}

func less(a, b *gate) bool {
	x, y := *(*[unsafe.Sizeof(*a)]byte)(unsafe.Pointer(a)), *(*[unsafe.Sizeof(*b)]byte)(unsafe.Pointer(b))
	return string(x[:]) < string(y[:])
}

// cutCommonLog keeps one transaction of what all logs begin with.
func (s *state) cutCommonLog() {
	var first *instance
	for n := range s.instance {
		if s.instance[n].len > 0 {
			first = &s.instance[n]
			break
		}
	}
	if first == nil {
		return
	}
	common := first.len
	for n := range s.instance {
		i := &s.instance[n]
		if i.len == 0 {
			continue
		}
		common = min(common, i.len)
		for k := range common {
			if i.log[k] != first.log[k] {
				common = k
				break
			}
		}
	}
	for _, t := range first.log[:common] {
		s.settled |= bit(t.write())
	}
	if common == 0 {
		return
	}
	base := common - 1
	for n := range s.instance {
		i := &s.instance[n]
		if i.len == 0 {
			continue
		}
		copy(i.log[:], i.log[base:])
		i.len -= base
		clear(i.log[i.len:])
		i.log[0] = made(i.log[0].epoch(), 0)
		for k := range i.history[:i.marks] {
			i.history[k].ts = below(i.history[k].ts, base)
		}
	}
	for n := range s.instance {
		for k := range s.instance[n].replica {
			s.instance[n].replica[k].ts = below(s.instance[n].replica[k].ts, base)
		}
	}
}

func below(ts, base uint8) uint8 {
	if ts < base {
		return 0
	}
	return ts - base
}

// pruneMarks drops marks that never decide: of an epoch that is in nobody's log,
// and all but the first of one epoch. The last one stays while it is the end of
// the log.
func (s *state) pruneMarks() {
	var used uint32
	for n := range s.instance {
		i := &s.instance[n]
		used |= 1<<i.epoch | 1<<i.committedEpoch()
		for _, t := range i.log[:i.len] {
			used |= 1 << t.epoch()
		}
	}
	for n := range s.instance {
		i := &s.instance[n]
		var kept [maxMarks]mark
		var count uint8
		var seen uint32
		for k, m := range i.history[:i.marks] {
			end := k == int(i.marks)-1 && m.ts == i.len
			if !end && (used&(1<<m.epoch) == 0 || seen&(1<<m.epoch) != 0) {
				continue
			}
			seen |= 1 << m.epoch
			kept[count] = m
			count++
		}
		i.history, i.marks = kept, count
	}
}

func (s *state) renameEpochs() {
	var names [32]uint8
	next := uint8(0)
	rename := func(epoch uint8) uint8 {
		if names[epoch] == 0 {
			next++
			names[epoch] = next
		}
		return names[epoch]
	}
	for n := range s.instance {
		i := &s.instance[n]
		i.epoch = rename(i.epoch)
		for k, t := range i.log[:i.len] {
			i.log[k] = made(rename(t.epoch()), t.write())
		}
		for k, m := range i.history[:i.marks] {
			i.history[k].epoch = rename(m.epoch)
		}
	}
}
