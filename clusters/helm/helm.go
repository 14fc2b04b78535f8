// Package helm runs the helm program, which the Makefile builds from the module in
// tools/, against a cluster.
package helm

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"memgraph-controller/clusters/command"
)

// Helm is the helm program and the cluster that it works on; without a kubeconfig,
// the one that kubectl uses.
type Helm struct{ Program, Kubeconfig string }

// Find finds the program: HELM names it, or it is where the Makefile puts it in the
// folder of the sources.
func Find(getenv func(string) string, root, kubeconfig string) (Helm, error) {
	h := Helm{Program: getenv("HELM"), Kubeconfig: kubeconfig}
	if h.Program == "" {
		h.Program = filepath.Join(root, "out", "bin", "helm")
	}
	if _, err := os.Stat(h.Program); err != nil {
		return h, fmt.Errorf("there is no helm program (make %s builds it; HELM names another): %w", filepath.Join("out", "bin", "helm"), err)
	}
	return h, nil
}

// Values are those of a chart.
type Values = map[string]any

// helmWithin bounds an installation and an upgrade, which wait until all is ready.
const helmWithin = "6m"

// Upgrade installs a chart as a release, or upgrades it, with these values over
// the chart's own, and returns when everything of it is ready.
func (h Helm) Upgrade(ctx context.Context, release, namespace, chart string, values Values) error {
	return h.upgrade(ctx, release, namespace, []string{chart}, values)
}

// Published is a chart as others publish it, at one version.
type Published struct {
	// Repository is the address of its repository of charts.
	Repository, Name, Version string
}

// UpgradePublished does the same as Upgrade with a chart of a repository.
func (h Helm) UpgradePublished(ctx context.Context, release, namespace string, chart Published, values Values) error {
	return h.upgrade(ctx, release, namespace, []string{chart.Name, "--repo", chart.Repository, "--version", chart.Version}, values)
}

func (h Helm) upgrade(ctx context.Context, release, namespace string, chart []string, values Values) error {
	text, err := yaml.Marshal(values)
	if err != nil {
		return fmt.Errorf("values of release %s: %w", release, err)
	}
	args := slices.Concat([]string{"upgrade", release}, chart,
		[]string{"--install", "--namespace", namespace, "--create-namespace", "--values", "-", "--wait", "--timeout", helmWithin})
	c := h.command(args...)
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
	if h.Kubeconfig != "" {
		c.Env = []string{"KUBECONFIG=" + h.Kubeconfig}
	}
	return c
}

// Image is a reference as the chart's values have it. A port of a registry is no
// tag, and a tag that looks like a number is text all the same.
func Image(ref string) Values {
	repository, tag := ref, "latest"
	if at := strings.LastIndex(ref, ":"); at > strings.LastIndex(ref, "/") {
		repository, tag = ref[:at], ref[at+1:]
	}
	return Values{"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"}
}

// Merged is base with what over says in its place, down to single keys.
func Merged(base, over Values) Values {
	result := Values{}
	for key, value := range base {
		result[key] = value
	}
	for key, value := range over {
		inner, isMap := value.(Values)
		below, wasMap := result[key].(Values)
		if isMap && wasMap {
			value = Merged(below, inner)
		}
		result[key] = value
	}
	return result
}
