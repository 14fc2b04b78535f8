package kube

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
)

// Exec runs programs in containers of the pods of a namespace, as `kubectl exec` does.
// Controllers may not, and do not use it: the jobs that back up and restore do.
type Exec struct {
	config    *rest.Config
	client    kubernetes.Interface
	namespace string
}

// NewExec works in a pod whose service account may do it.
func NewExec(version, namespace string) (*Exec, error) {
	config, client, err := connect(version)
	if err != nil {
		return nil, err
	}
	return &Exec{config: config, client: client, namespace: namespace}, nil
}

// complaint is how much of what a program says on stderr is kept.
const complaint = 4096

// Run runs a command in a container, gives it in to read, unless that is nil, and writes its
// standard output to out. What it says on stderr is in the error, if it fails. The command has
// to know by what it reads where that ends: no end is told before Kubernetes 1.31.
func (e *Exec) Run(ctx context.Context, pod, container string, command []string, in io.Reader, out io.Writer) error {
	request := e.client.CoreV1().RESTClient().Get().Resource("pods").Namespace(e.namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdin: in != nil, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	// Not SPDY, which is on its way out: Kubernetes 1.30, the oldest for this chart, speaks this.
	executor, err := remotecommand.NewWebSocketExecutor(e.config, "GET", request.URL().String())
	if err != nil {
		return fmt.Errorf("exec in %s: %w", pod, err)
	}
	said := &tail{}
	if err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: in, Stdout: out, Stderr: said}); err != nil {
		return fmt.Errorf("exec in %s: %w: %s", pod, err, strings.TrimSpace(said.kept.String()))
	}
	return nil
}

// tail keeps the end of what is written to it. The buffer is not embedded: its ReadFrom
// would be taken instead of Write.
type tail struct{ kept bytes.Buffer }

// Write implements io.Writer.
func (t *tail) Write(data []byte) (int, error) {
	n, err := t.kept.Write(data)
	t.kept.Next(max(0, t.kept.Len()-complaint))
	return n, err
}
