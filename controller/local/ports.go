package local

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// freePorts makes sure that every instance can listen where it is to listen, so
// that a port that is taken is an error of the start with a name, not a database
// that dies again and again. All that is wrong is reported at once.
func freePorts(sockets []socket, instances int) error {
	var wrong []error
	owner := map[int]string{}
	for _, s := range sockets {
		if s.base < 1 || s.base+instances-1 > 65535 {
			wrong = append(wrong, fmt.Errorf("--%s-port %d: %d instances need ports between 1 and 65535", s.use, s.base, instances))
			continue
		}
		for n := range instances {
			number, use := s.base+n, fmt.Sprintf("%s of %s", s.use, instanceName(n))
			if other, twice := owner[number]; twice {
				wrong = append(wrong, fmt.Errorf("port %d would serve both as %s and as %s; choose another --%s-port", number, other, use, s.use))
				continue
			}
			owner[number] = use
			if err := freePort(number, use, "--"+s.use+"-port"); err != nil {
				wrong = append(wrong, err)
			}
		}
	}
	return errors.Join(wrong...)
}

func freePort(number int, use, flag string) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(number)))
	switch {
	case err == nil:
		return listener.Close()
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d (%s) is taken by %s; end that or choose another %s", number, use, listenerOf(number), flag)
	}
	return fmt.Errorf("port %d (%s) cannot be used: %w; choose another %s", number, use, err, flag)
}
