package apiserver

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	gorilla "github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
	constants "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/tools/portforward"
)

// forward answers one port-forward until its client ends it.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, pod string) {
	f := &forwarder{server: s, pod: pod, errors: map[string]httpstream.Stream{}}
	var connection httpstream.Connection
	switch {
	case !gorilla.IsWebSocketUpgrade(r):
		s.count("spdy")
		protocol, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name})
		if err != nil || protocol == "" {
			return
		}
		connection = spdy.NewResponseUpgrader().UpgradeResponse(w, r, f.take)
	case s.OnlySPDY:
		http.Error(w, "the server speaks no WebSocket here", http.StatusBadRequest)
		return
	default:
		s.count("websocket")
		connection = f.overWebSocket(w, r)
	}
	if connection == nil {
		return
	}
	defer func() { _ = connection.Close() }()
	select {
	case <-connection.CloseChan():
	case <-r.Context().Done():
	}
}

func (s *Server) count(protocol string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over[protocol]++
}

// overWebSocket is SPDY in a WebSocket, as API servers speak it since 1.30.
func (f *forwarder) overWebSocket(w http.ResponseWriter, r *http.Request) httpstream.Connection {
	upgrader := gorilla.Upgrader{Subprotocols: []string{constants.WebsocketsSPDYTunnelingPrefix + portforward.PortForwardProtocolV1Name}}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	connection, err := spdy.NewServerConnection(portforward.NewTunnelingConnection("server", socket), f.take)
	if err != nil {
		return nil
	}
	return connection
}

// forwarder carries the streams of one port-forward.
type forwarder struct {
	server *Server
	pod    string

	mu     sync.Mutex
	errors map[string]httpstream.Stream // by request
}

// take takes a stream. That for errors comes first.
func (f *forwarder) take(stream httpstream.Stream, replied <-chan struct{}) error {
	request := stream.Headers().Get(corev1.PortForwardRequestIDHeader)
	f.mu.Lock()
	defer f.mu.Unlock()
	if stream.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
		f.errors[request] = stream
		return nil
	}
	said := f.errors[request]
	go func() {
		<-replied
		f.carry(stream, said)
	}()
	return nil
}

func (f *forwarder) carry(data, said httpstream.Stream) {
	defer said.Close()
	defer data.Close()
	port := data.Headers().Get(corev1.PortHeader)
	pod, err := net.Dial("tcp", f.server.port(f.pod, port))
	if err != nil {
		_, _ = fmt.Fprintf(said, "error forwarding port %s to pod: %v", port, err)
		return
	}
	defer pod.Close()
	go func() {
		_, _ = io.Copy(pod, data)
		_ = pod.Close()
	}()
	if _, err := io.Copy(data, pod); err != nil && !strings.Contains(err.Error(), "closed") {
		_, _ = fmt.Fprintf(said, "error forwarding port %s to pod: %v", port, err)
	}
}

// port is where a port of a pod is; an address that nobody listens at where there is
// none.
func (s *Server) port(pod, port string) string {
	if address, ok := s.Ports[pod+":"+port]; ok {
		return address
	}
	return "127.0.0.1:1"
}
