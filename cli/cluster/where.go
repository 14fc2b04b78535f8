package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Where says which release is meant. What is empty is found: the kubeconfig where
// kubectl finds it, its current context, that context's namespace, and the one
// release that is there.
type Where struct {
	Kubeconfig, Context, Namespace, Release string
}

// access is what a kubeconfig leads to.
type access struct {
	config *rest.Config
	// context is the name of the context; empty inside a pod.
	context, namespace string
}

// load reads the kubeconfig. Where there is none, a program in a pod uses the
// account of the pod.
func (w Where) load(version string) (access, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = w.Kubeconfig
	rules.WarnIfAllMissing = false // said below, as an error
	overrides := &clientcmd.ConfigOverrides{CurrentContext: w.Context}
	overrides.Context.Namespace = w.Namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	if err != nil {
		return access{}, w.explain(err, loader)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return access{}, fmt.Errorf("namespace of the kubeconfig: %w", err)
	}
	raw, err := loader.RawConfig()
	if err != nil {
		return access{}, fmt.Errorf("kubeconfig: %w", err)
	}
	config.UserAgent = "memgraph-controller-cli/" + version
	config.QPS, config.Burst = 50, 100 // a bundle of logs asks for many things at once
	config.WarningHandler = rest.NoWarnings{}
	found := access{config: config, context: w.Context, namespace: namespace}
	if found.context == "" {
		found.context = raw.CurrentContext
	}
	return found, nil
}

// explain says of a kubeconfig that leads nowhere what to do about it.
func (w Where) explain(err error, loader clientcmd.ClientConfig) error {
	const otherwise = "name one with --kubeconfig or KUBECONFIG, or a controller's address with --server"
	switch raw, unread := loader.RawConfig(); {
	case w.Kubeconfig != "" && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("kubeconfig %s is not there; %s", w.Kubeconfig, otherwise)
	case clientcmd.IsEmptyConfig(err):
		return fmt.Errorf("there is no kubeconfig; %s", otherwise)
	case unread == nil && w.Context != "" && raw.Contexts[w.Context] == nil:
		return fmt.Errorf("the kubeconfig has no context %q; there are: %s",
			w.Context, strings.Join(slices.Sorted(maps.Keys(raw.Contexts)), ", "))
	default:
		return fmt.Errorf("kubeconfig: %w; %s", err, otherwise)
	}
}
