package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/e2e/kube/fleet"
)

const apiServer = "kube-apiserver"

// The kubelet of the control plane runs the API server for as long as its
// manifest is in the first of these places.
const (
	manifest      = "/etc/kubernetes/manifests/kube-apiserver.yaml"
	manifestAside = "/etc/kubernetes/kube-apiserver.yaml.aside"
)

// Outage stops the API server and returns when it answers nobody. heal starts it
// and returns when it answers again; it may be called again.
func (c *Cluster) Outage(ctx context.Context) (heal func(context.Context) error, err error) {
	control := c.ControlPlane()
	heal = func(ctx context.Context) error {
		if _, err := control.Run(ctx, "sh", "-c", fmt.Sprintf("test ! -e %[1]s || mv %[1]s %[2]s", manifestAside, manifest)); err != nil {
			return fmt.Errorf("start the API server: %w", err)
		}
		return await(ctx, "the API server answers", 2*time.Minute, c.answers)
	}
	if _, err := control.Run(ctx, "mv", manifest, manifestAside); err != nil {
		return nil, fmt.Errorf("stop the API server: %w", err)
	}
	err = await(ctx, "the API server is stopped", time.Minute, func(ctx context.Context) error {
		if c.answers(ctx) == nil {
			return errors.New("it answers")
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, heal(context.WithoutCancel(ctx)))
	}
	return heal, nil
}

// Freeze stops the process of the API server where it is: connections stay, and
// what is sent over them is swallowed. heal lets it go on and returns when it
// answers; it may be called again. Kubeadm gives it a liveness probe that fails it
// after 8 times 10 s, so freeze it for less.
func (c *Cluster) Freeze(ctx context.Context) (heal func(context.Context) error, err error) {
	control := c.ControlPlane()
	pod, err := c.Client.CoreV1().Pods(metav1.NamespaceSystem).Get(ctx, apiServer+"-"+control.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	process, err := fleet.Process(ctx, pod, apiServer)
	if err != nil {
		return nil, err
	}
	heal = func(ctx context.Context) error {
		if err := process.Signal(ctx, "CONT"); err != nil {
			return fmt.Errorf("let the API server go on: %w", err)
		}
		return await(ctx, "the API server answers", 2*time.Minute, c.answers)
	}
	if err := process.Signal(ctx, "STOP"); err != nil {
		return nil, fmt.Errorf("freeze the API server: %w", err)
	}
	return heal, nil
}

// answers asks the API server whether it is ready.
func (c *Cluster) answers(ctx context.Context) error {
	ctx, cancel := short(ctx)
	defer cancel()
	_, err := c.Client.CoreV1().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err
}
