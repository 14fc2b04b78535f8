package kube

import (
	"fmt"
	"net"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Connect returns a client of the API server of the cluster that this program
// runs in. version stands in its user agent.
func Connect(version string) (kubernetes.Interface, error) {
	_, client, err := connect(version)
	return client, err
}

func connect(version string) (*rest.Config, kubernetes.Interface, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the API server: %w; this works only in a pod with a service account token", err)
	}
	tune(config, version)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return config, client, nil
}

// tune makes a client notice within seconds that an API server is gone. All
// requests over HTTP/2 share one connection, and one that swallows packets is
// given up only after 45 s, far longer than a lease lasts. Over HTTP/1.1 a
// request that runs into its deadline takes its connection with it, and
// keep-alives end an idle watch after 5 s.
//
// The client's own rate limit (5 requests/s by default) must never delay a lease
// or a record; what keeps the load low is described in the package comment.
func tune(config *rest.Config, version string) {
	config.NextProtos = []string{"http/1.1"}
	config.Dial = (&net.Dialer{
		Timeout: 2 * time.Second,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 3,
		},
	}).DialContext
	config.QPS, config.Burst = 50, 100
	config.UserAgent = "memgraph-controller/" + version
}
