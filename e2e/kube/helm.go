package kube

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"memgraph-controller/clusters/command"
)

// Helm runs the helm program against the suite's cluster.
type Helm struct{ Program, Kubeconfig string }

// Values are those of a chart.
type Values = map[string]any

// helmWithin bounds an installation and an upgrade, which wait until all is ready.
const helmWithin = "6m"

// Upgrade installs a chart as a release, or upgrades it, with these values over
// the chart's own, and returns when everything of it is ready.
func (h Helm) Upgrade(ctx context.Context, release, namespace, chart string, values Values) error {
	text, err := yaml.Marshal(values)
	if err != nil {
		return fmt.Errorf("values of release %s: %w", release, err)
	}
	c := h.command("upgrade", release, chart, "--install", "--namespace", namespace, "--values", "-", "--wait", "--timeout", helmWithin)
	c.Stdin = bytes.NewReader(text)
	_, err = command.Exec{}.Run(ctx, c)
	return err
}

// Uninstall removes a release and waits until its objects are gone.
func (h Helm) Uninstall(ctx context.Context, release, namespace string) error {
	_, err := h.run(ctx, "uninstall", release, "--namespace", namespace, "--wait", "--ignore-not-found", "--timeout", helmWithin)
	return err
}

// Values returns the values that a release was installed with, as YAML.
func (h Helm) Values(ctx context.Context, release, namespace string) (string, error) {
	return h.run(ctx, "get", "values", release, "--namespace", namespace)
}

func (h Helm) run(ctx context.Context, args ...string) (string, error) {
	return command.Exec{}.Run(ctx, h.command(args...))
}

func (h Helm) command(args ...string) command.Command {
	c := command.New(h.Program, args...)
	c.Env = []string{"KUBECONFIG=" + h.Kubeconfig}
	return c
}

// image is a reference as the chart's values have it. A port of a registry is no
// tag, and a tag that looks like a number is text all the same.
func image(ref string) Values {
	repository, tag := ref, "latest"
	if at := strings.LastIndex(ref, ":"); at > strings.LastIndex(ref, "/") {
		repository, tag = ref[:at], ref[at+1:]
	}
	return Values{"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"}
}

// merged is base with what over says in its place, down to single keys.
func merged(base, over Values) Values {
	result := Values{}
	for key, value := range base {
		result[key] = value
	}
	for key, value := range over {
		inner, isMap := value.(Values)
		below, wasMap := result[key].(Values)
		if isMap && wasMap {
			value = merged(below, inner)
		}
		result[key] = value
	}
	return result
}
