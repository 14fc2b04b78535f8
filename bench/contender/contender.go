package contender

import (
	"os/exec"

	"memgraph-controller/bench/place"
)

// Names of the contenders, as they stand in the raw results.
const (
	Direct        = "direct"
	GatewayWrites = "gateway, writes"
	GatewayReads  = "gateway, reads"
	Copy          = "io.Copy"
	HAProxy       = "haproxy"
	HAProxySplice = "haproxy splice"
	Nginx         = "nginx"
)

// Site is where contenders run.
type Site struct {
	// Dir is a folder for what they need while they run.
	Dir string
	// Proxy is the program of bench/cmd/proxy.
	Proxy string
	// Upstream is the address of the answering server.
	Upstream string
	// Threads is how many each has, and CPUs where they run.
	Threads int
	// Files is how many each may have open.
	Files int
	CPUs  place.CPUs
}

// Contender is one way to the upstream.
type Contender struct {
	Name string
	// Start starts it. It takes connections when Start has returned.
	Start func(Site) (Running, error)
}

// All are the contenders in the order of the report.
func All() []Contender {
	return []Contender{
		{Direct, direct},
		{GatewayWrites, program("writes")},
		{GatewayReads, program("reads")},
		{Copy, program("copy")},
		{HAProxy, haproxy()},
		{HAProxySplice, haproxy("option splice-request", "option splice-response")},
		{Nginx, nginx},
	}
}

// Running is a contender that runs.
type Running interface {
	// Address is where clients connect to.
	Address() string
	// PID is that of its process; 0: it has none.
	PID() int
	// FilesPerSession is how many files a session keeps open while it is idle.
	FilesPerSession() int
	// Stop ends it.
	Stop()
}

// Allocator is one that knows how many objects it has allocated.
type Allocator interface {
	Running
	Allocations() (uint64, error)
}

// Cutter is one that can cut all sessions at once.
type Cutter interface {
	Running
	Cut() error
}

// Holder is one that can hold connections until it is told to let them go. Only the
// gateway can: HAProxy has a queue for a server with too many sessions, but was seen
// to let go 900 of 1,000 when room was made, and the others when these had ended.
type Holder interface {
	Running
	Hold() error
	Release() error
}

// Missing returns the programs among names that are not installed.
func Missing(names ...string) (missing []string) {
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// straight is the way with nothing between.
type straight struct{ address string }

func direct(site Site) (Running, error) { return straight{site.Upstream}, nil }

func (s straight) Address() string { return s.address }
func (s straight) PID() int        { return 0 }
func (s straight) Stop()           {}

// FilesPerSession is the client's socket.
func (s straight) FilesPerSession() int { return 1 }
