// Command podsecurity reads Kubernetes manifests from its standard input and
// fails when a pod template among them breaks the Pod Security Standard
// "restricted", as the admission of a namespace would:
//
//	helm template memgraph charts/memgraph-controller | podsecurity
//
// Other objects are passed over. One without pods among all is an error, because
// then nothing was checked.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	if err := check(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "podsecurity:", err)
		os.Exit(1)
	}
}

// check reports every violation in the manifests.
func check(manifests io.Reader) error {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	templates, err := read(manifests)
	if err == nil && len(templates) == 0 {
		err = errors.New("no pod template was read")
	}
	for _, t := range templates {
		results := evaluator.EvaluatePod(restricted, &t.pod.ObjectMeta, &t.pod.Spec)
		if result := policy.AggregateCheckResults(results); !result.Allowed {
			err = errors.Join(err, fmt.Errorf("%s: %s", t.owner, result.ForbiddenDetail()))
		}
	}
	return err
}

// template is a pod template.
type template struct {
	owner string // kind and name
	pod   corev1.PodTemplateSpec
}

func read(manifests io.Reader) (templates []template, err error) {
	decoder := yaml.NewYAMLOrJSONDecoder(manifests, 4096)
	for {
		var raw runtime.RawExtension
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return templates, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		if len(raw.Raw) == 0 {
			continue // nothing but comments
		}
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(raw.Raw, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			continue // it makes no pods that are known here
		}
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		switch o := object.(type) {
		case *appsv1.Deployment:
			templates = append(templates, template{"Deployment " + o.Name, o.Spec.Template})
		case *appsv1.StatefulSet:
			templates = append(templates, template{"StatefulSet " + o.Name, o.Spec.Template})
		}
	}
}
