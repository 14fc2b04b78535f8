package cli

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"memgraph-controller/controller/api"
)

// serverFlags name the controller to talk to.
type serverFlags struct {
	Server string `help:"Address of a controller's HTTP server; default ${default}." default:"http://127.0.0.1:8080" env:"MEMGRAPH_CONTROLLER_SERVER" placeholder:"URL"`
	Token  string `help:"The controller's token; not needed where it listens on a loopback address without one." env:"MEMGRAPH_CONTROLLER_TOKEN"`
}

// client returns a client of the server. Host and port alone are taken too.
func (f serverFlags) client() api.Client {
	base := f.Server
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	return api.Client{Base: base, Token: f.Token}
}

// explain adds what to do to an error that comes from not reaching a server.
func (f serverFlags) explain(err error) error {
	_, unknownHost := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no controller listens at %s: start a cluster with 'memgraph-controller local', "+
			"or name the controller with --server or MEMGRAPH_CONTROLLER_SERVER", f.Server)
	case unknownHost:
		return fmt.Errorf("%w: check --server and MEMGRAPH_CONTROLLER_SERVER", err)
	}
	if answered, ok := errors.AsType[*api.Error](err); ok && answered.Status == http.StatusUnauthorized {
		return fmt.Errorf("%w (--token, or MEMGRAPH_CONTROLLER_TOKEN)", err)
	}
	return err
}
