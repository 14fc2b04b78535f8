package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/kube/fleet"
)

// Dump writes into a folder what a person needs to understand a failure: pods,
// events, logs with those of the containers before, nodes, the record and the
// orders, the values of the chart, and what every controller says. It goes on
// where something cannot be had, and returns what could not.
func (r *Release) Dump(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	keep := func(name, text string, err error) error {
		if err != nil {
			text += "\nfailed: " + err.Error() + "\n"
		}
		return errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	var errs []error
	for name, args := range map[string][]string{
		"pods.txt":            {"get", "pods", "--all-namespaces", "--output=wide"},
		"pods-described.txt":  {"describe", "pods", "--namespace", r.Namespace},
		"events.txt":          {"get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"},
		"nodes.txt":           {"get", "nodes", "--output=wide"},
		"nodes-described.txt": {"describe", "nodes"},
		"objects.yaml":        {"get", "statefulsets,deployments,services,endpointslices,configmaps,leases,persistentvolumeclaims", "--namespace", r.Namespace, "--output=yaml"},
		"policies.yaml":       {"get", "networkpolicies,poddisruptionbudgets", "--namespace", r.Namespace, "--output=yaml"},
	} {
		text, err := r.ControlPlane().Kubectl(ctx, args...)
		errs = append(errs, keep(name, text, err))
	}
	values, err := r.Helm.Values(ctx, r.Prefix, r.Namespace)
	errs = append(errs, keep("values.yaml", values, err), r.dumpPods(ctx, keep))
	return errors.Join(errs...)
}

// dumpPods keeps the logs of all containers of the release's namespace, and what
// the controllers among them say.
func (r *Release) dumpPods(ctx context.Context, keep func(name, text string, err error) error) error {
	pods, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range pods.Items {
		for _, container := range p.Spec.Containers {
			for suffix, previous := range map[string]bool{".log": false, ".previous.log": true} {
				text, err := r.Client.CoreV1().Pods(r.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{Container: container.Name, Previous: previous}).DoRaw(ctx)
				if err != nil && previous {
					continue // there was none
				}
				errs = append(errs, keep(p.Name+"."+container.Name+suffix, string(text), err))
			}
			if container.Name == fleet.Controller {
				errs = append(errs, r.dumpController(ctx, p.Name, keep))
			}
		}
	}
	return errors.Join(errs...)
}

// dumpController keeps a controller's status and the timelines of the failovers
// that it knows of.
func (r *Release) dumpController(ctx context.Context, pod string, keep func(name, text string, err error) error) error {
	return r.WithController(ctx, pod, func(client api.Client) error {
		status, err := client.Status(ctx)
		err = keep(pod+".status.json", indented(status), err)
		failovers, failed := client.Failovers(ctx)
		return errors.Join(err, keep(pod+".failovers.json", indented(failovers), failed))
	})
}

// WithController asks the controller of one pod, by a port-forward.
func (r *Release) WithController(ctx context.Context, pod string, use func(api.Client) error) error {
	tunnel, err := r.Tunnel(ctx, pod, httpPort)
	if err != nil {
		return err
	}
	defer tunnel.Close()
	return use(api.Client{Base: "http://" + tunnel.Address, Token: r.API.Token, HTTP: fresh()})
}

func indented(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text) + "\n"
}
