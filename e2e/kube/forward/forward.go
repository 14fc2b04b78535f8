// Package forward reaches ports of pods from this machine, through the API server
// as `kubectl port-forward` does it: no policy of the network is in the way, and
// nothing but the API server has to be reachable.
package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// Tunnel leads to one port of one pod. It carries any number of connections and
// breaks for good with the first that the pod refuses, and with the pod.
type Tunnel struct {
	// Address is this end, host:port.
	Address string

	stop  chan struct{}
	once  sync.Once
	ended chan struct{}
}

// Open returns a tunnel that works until Close, or an error when the pod has not
// answered before ctx ends.
func Open(ctx context.Context, config *rest.Config, client kubernetes.Interface, namespace, pod string, port int) (*Tunnel, error) {
	t := &Tunnel{stop: make(chan struct{}), ended: make(chan struct{})}
	if err := t.open(ctx, config, client, namespace, pod, port); err != nil {
		t.Close()
		return nil, fmt.Errorf("port %d of pod %s/%s: %w", port, namespace, pod, err)
	}
	return t, nil
}

func (t *Tunnel) open(ctx context.Context, config *rest.Config, client kubernetes.Interface, namespace, pod string, port int) error {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return err
	}
	url := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	ready, said := make(chan struct{}), &saying{}
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{"0:" + strconv.Itoa(port)}, t.stop, ready, io.Discard, said)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() {
		defer close(t.ended)
		failed <- forwarder.ForwardPorts()
	}()
	select {
	case <-ready:
	case err := <-failed:
		return errors.Join(err, said.error())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return err
	}
	t.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(int(ports[0].Local)))
	return nil
}

// Close ends the tunnel and every connection in it. It may be called twice.
func (t *Tunnel) Close() { t.once.Do(func() { close(t.stop) }) }

// Ended is closed when the tunnel has ended, whoever ended it.
func (t *Tunnel) Ended() <-chan struct{} { return t.ended }

// saying keeps what the forwarder prints as errors.
type saying struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *saying) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *saying) error() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text.Len() == 0 {
		return nil
	}
	return errors.New(strings.TrimSpace(s.text.String()))
}
