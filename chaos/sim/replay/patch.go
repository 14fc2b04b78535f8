package main

import (
	"fmt"
	"strings"
)

// file is a file of the standard library and what is changed in it.
type file struct {
	name    string
	changes []change
	added   string // at its end
}

// change puts a text in the place of another that is there once.
type change struct{ from, to string }

// patch changes the text of a file. A toolchain whose text is another one is an
// error: whoever takes a new one looks here whether the reasons still hold.
func (f file) patch(text string) (string, error) {
	for _, c := range f.changes {
		if n := strings.Count(text, c.from); n != 1 {
			return "", fmt.Errorf("%s holds %q %d times instead of once: adapt chaos/sim/replay to this version of Go", f.name, c.from, n)
		}
		text = strings.Replace(text, c.from, c.to, 1)
	}
	return text + f.added, nil
}

// files are what is changed, as of Go 1.26.
var files = []file{
	{
		name: "runtime/rand.go",
		changes: []change{
			// The keys of all hashes, and the address where the heap begins, come from
			// the first numbers.
			{"\tglobalRand.state.Init(*seed)\n", "\t*seed = [32]byte{1}\n\tglobalRand.state.Init(*seed)\n"},
			// math/rand without a seed.
			{"\tmp := getg().m\n\tc := &mp.chacha8\n", "\tif replayState != 0 {\n\t\treturn replayNext()\n\t}\n\tmp := getg().m\n\tc := &mp.chacha8\n"},
			// The hash of each map and where its iteration begins are the same throughout a
			// schedule: a map that is made once in a process, such as one of the fields of a
			// type, must not shift what others draw (seed 381 was another one after 366).
			{"func maps_rand() uint64 {\n\treturn rand()\n}", "func maps_rand() uint64 {\n\tif replayState != 0 {\n\t\treturn replayMaps\n\t}\n\treturn rand()\n}"},
		},
		added: `
// replayState is 0 until a schedule begins.
var replayState, replayMaps uint64

//go:linkname replayFrom memgraph-controller/chaos/sim.replayFrom
func replayFrom(seed uint64) {
	replayState = seed*2 + 1
	replayMaps = replayNext()
}

// replayNext is SplitMix64.
//
//go:nosplit
func replayNext() uint64 {
	replayState += 0x9e3779b97f4a7c15
	z := replayState
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// replayn is cheaprandn where the program sees what comes of it. The runtime draws
// others too, as many as real time has it.
//
//go:nosplit
func replayn(n uint32) uint32 {
	if replayState == 0 {
		return cheaprandn(n)
	}
	return uint32(((replayNext() >> 32) * uint64(n)) >> 32)
}
`,
	},
	// These maps are made once in a process, at their first use: see maps_rand.
	{
		name:    "internal/sync/hashtriemap.go",
		changes: []change{{"ht.seed = uintptr(runtime_rand())", "ht.seed = 1"}},
	},
	{
		name:    "unique/canonmap.go",
		changes: []change{{"cm.seed = uintptr(runtime_rand())", "cm.seed = 1"}},
	},
	{
		name: "runtime/select.go",
		changes: []change{
			{"cheaprandn(uint32(norder + 1))", "replayn(uint32(norder + 1))"},
		},
	},
	{
		name: "runtime/time.go",
		changes: []change{
			// The order of timers that end at the same instant of virtual time.
			{"t.rand = cheaprand()", "t.rand = replayn(1 << 31)"},
		},
	},
	{
		name: "runtime/proc.go",
		changes: []change{
			// The monitor interrupts goroutines by real time.
			{`const haveSysmon = GOARCH != "wasm"`, "const haveSysmon = false"},
			// So does a look at the global queue at each 61st turn, of which nobody
			// knows how many there were before the schedule.
			{"if pp.schedtick%61 == 0 && !sched.runq.empty() {", "if false {"},
			// A main goroutine with a thread of its own makes the runtime start another
			// one, at once or a little later.
			{"\tlockOSThread()\n\n\tif mp != &m0", "\tif mp != &m0"},
			{"\t\tif needUnlock {\n\t\t\tunlockOSThread()\n\t\t}\n", "\t\t_ = needUnlock\n"},
			{"\tneedUnlock = false\n\tunlockOSThread()\n", "\tneedUnlock = false\n"},
		},
	},
	{
		name: "runtime/mgcscavenge.go",
		changes: []change{
			// The scavenger works by real time.
			{"\tc <- 1\n\tscavenger.park()\n", "\tc <- 1\n\tscavenger.park()\n\tgopark(nil, nil, waitReasonZero, traceBlockGeneric, 1)\n"},
		},
	},
	{
		name: "context/context.go",
		changes: []change{
			// Children are cancelled in the order in which they came, which is that of
			// nothing in a map with pointers as keys.
			{"children map[canceler]struct{} // set to nil", "children []canceler // set to nil"},
			{"\tif p.children != nil {\n\t\tdelete(p.children, child)\n\t}\n", `	for n, c := range p.children {
		if c == child {
			p.children = append(p.children[:n:n], p.children[n+1:]...)
			break
		}
	}
`},
			{"\t\t\tif p.children == nil {\n\t\t\t\tp.children = make(map[canceler]struct{})\n\t\t\t}\n\t\t\tp.children[child] = struct{}{}\n", "\t\t\tp.children = append(p.children, child)\n"},
			{"for child := range c.children {", "for _, child := range c.children {"},
		},
	},
}
