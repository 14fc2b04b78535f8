package contender

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// haproxyConfig is all that HAProxy is told. Its socket takes the command that cuts
// sessions.
func haproxyConfig(site Site, address, socket string, options []string) string {
	n := site.sessions()
	return fmt.Sprintf(`global
    nbthread %d
    maxconn %d
    maxpipes %d
    stats socket %s level admin

defaults
    mode tcp
    %s
    timeout connect 5s
    timeout client 1h
    timeout server 1h

listen bench
    bind %s backlog 4096
    maxconn %d
    server upstream %s
`, site.Threads, n, pipes, socket, strings.Join(options, "\n    "), address, n, site.Upstream)
}

// haproxyRuns is HAProxy with its socket.
type haproxyRuns struct {
	*daemon
	socket string
}

func haproxy(options ...string) func(Site) (Running, error) {
	return func(site Site) (Running, error) {
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		socket := filepath.Join(site.Dir, "haproxy.sock")
		config := filepath.Join(site.Dir, "haproxy.cfg")
		if err := os.WriteFile(config, []byte(haproxyConfig(site, address, socket, options)), 0o600); err != nil {
			return nil, err
		}
		d, err := run(site, address, "haproxy", "-db", "-f", config)
		if err != nil {
			return nil, err
		}
		return haproxyRuns{d, socket}, nil
	}
}

// Cut implements Cutter.
func (h haproxyRuns) Cut() error { return h.tell("shutdown sessions server bench/upstream") }

// tell gives HAProxy a command that has no answer unless it fails.
func (h haproxyRuns) tell(command string) error {
	conn, err := net.DialTimeout("unix", h.socket, comesUp)
	if err != nil {
		return fmt.Errorf("haproxy: %w", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(comesUp))
	if _, err := fmt.Fprintln(conn, command); err != nil {
		return fmt.Errorf("haproxy: %s: %w", command, err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return fmt.Errorf("haproxy: %s: %w", command, err)
	}
	if said := strings.TrimSpace(string(answer)); said != "" {
		return fmt.Errorf("haproxy: %s: it says %q", command, said)
	}
	return nil
}
