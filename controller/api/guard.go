package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// guard decides who may make a call.
type guard struct {
	// local: the server is bound to a loopback address.
	local bool
	token string
	// reviews: a token that is not this one is reviewed by Server.caller.
	reviews bool
	pages   *http.CrossOriginProtection
}

func newGuard(bound net.Addr, token string, reviews bool) guard {
	address, err := netip.ParseAddrPort(bound.String())
	return guard{
		local: err == nil && address.Addr().Unmap().IsLoopback(),
		token: token, reviews: reviews,
		pages: http.NewCrossOriginProtection(),
	}
}

// check returns nil when the call may be made.
func (g guard) check(r *http.Request) *Error {
	if g.local && !isLocalHost(r.Host) {
		return refuse(http.StatusForbidden,
			"use http://localhost or http://127.0.0.1 with the port",
			"host %q is not this machine's loopback", r.Host)
	}
	if isSafe(r.Method) {
		return nil
	}
	if err := g.pages.Check(r); err != nil {
		return refuse(http.StatusForbidden, "use the command line, or a page that this server itself serves",
			"a page of another site may change nothing here")
	}
	return g.checkToken(r)
}

func (g guard) checkToken(r *http.Request) *Error {
	if g.token == "" && !g.reviews {
		if g.local {
			return nil
		}
		return refuse(http.StatusForbidden,
			"start the controller with MEMGRAPH_CONTROLLER_TOKEN set, or let it listen on 127.0.0.1",
			"this controller has no token, so nothing may be changed over the network")
	}
	given, ok := bearer(r)
	switch {
	case !ok || given == "" && g.reviews:
		return refuse(http.StatusUnauthorized,
			"send the header 'Authorization: Bearer TOKEN', or set MEMGRAPH_CONTROLLER_TOKEN for the command line",
			"%s %s needs the controller's token", r.Method, r.URL.Path)
	case g.reviews: // Server.caller does, where the call is carried out
		return nil
	case !equalInConstantTime(given, g.token):
		return refuse(http.StatusUnauthorized, "use the token that the controller was started with",
			"the token is not the controller's")
	}
	return nil
}

// bearer is the token that a call carries.
func bearer(r *http.Request) (token string, ok bool) {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(given), strings.EqualFold(scheme, "Bearer")
}

// equalInConstantTime compares hashes, so that not even the length shows.
func equalInConstantTime(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// isLocalHost tells whether a Host header names the loopback itself. A foreign
// page whose name resolves to 127.0.0.1 (DNS rebinding) arrives with its own
// name here.
func isLocalHost(host string) bool {
	where, err := url.Parse("http://" + host)
	if err != nil || where.Host != host {
		return false
	}
	if strings.EqualFold(where.Hostname(), "localhost") {
		return true
	}
	address, err := netip.ParseAddr(where.Hostname())
	return err == nil && address.Unmap().IsLoopback()
}

// isSafe tells whether a method changes nothing.
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
