package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

const apiServerName = "kube-apiserver"

// The kubelet of the control plane runs the API server for as long as its
// manifest is in the first of these places.
const (
	manifest      = "/etc/kubernetes/manifests/kube-apiserver.yaml"
	manifestAside = "/etc/kubernetes/kube-apiserver.yaml.aside"
)

// StopAPIServer stops the API server: it answers nobody until it is healed.
func StopAPIServer(t Target) Fault {
	return Change{
		Title: "stop API server",
		Do: func(ctx context.Context) error {
			_, err := t.ControlPlane.Run(ctx, "mv", manifest, manifestAside)
			return err
		},
		Acts: t.isSilent,
		Undo: func(ctx context.Context) error {
			_, err := t.ControlPlane.Run(ctx, "sh", "-c", fmt.Sprintf("test ! -e %[1]s || mv %[1]s %[2]s", manifestAside, manifest))
			return err
		},
		Undone: t.Answers,
	}
}

// FreezeAPIServer stops the process of the API server where it is: connections
// stay, and what is sent over them is swallowed. Kubeadm gives it a liveness probe
// that fails it after 8 times 10 s, so hold it for less.
func FreezeAPIServer(t Target) Fault {
	var process node.Process
	return Change{
		Title: "freeze API server",
		Find: func(ctx context.Context) error {
			pod, err := t.Kube.CoreV1().Pods(metav1.NamespaceSystem).Get(ctx, apiServerName+"-"+t.ControlPlane.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			process, err = fleet.Process(ctx, pod, apiServerName)
			return err
		},
		Do:   func(ctx context.Context) error { return process.Signal(ctx, "STOP") },
		Acts: t.isSilent,
		Undo: func(ctx context.Context) error {
			if process.PID == 0 {
				return nil
			}
			return process.Signal(ctx, "CONT")
		},
		Undone: t.Answers,
	}
}

// Answers asks the API server whether it is ready.
func (t Target) Answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := t.Kube.CoreV1().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err
}

// answerWithin is long for an API server that works on a busy machine.
const answerWithin = 2 * time.Second

func (t Target) isSilent(ctx context.Context) error {
	if t.Answers(ctx) == nil {
		return errors.New("the API server answers")
	}
	return nil
}
