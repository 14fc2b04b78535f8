package mesh

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// status is what Chaos Mesh says of an object.
type status struct {
	Conditions []struct {
		Type   string `json:"type"`
		Status string `json:"status"`
	} `json:"conditions"`
	Experiment struct {
		Records []record `json:"containerRecords"`
	} `json:"experiment"`
}

// record is one pod or container that an object is about.
type record struct {
	// ID is namespace/pod, or namespace/pod/container.
	ID     string `json:"id"`
	Phase  string `json:"phase"`
	Events []struct {
		Operation string `json:"operation"`
		Type      string `json:"type"`
		Message   string `json:"message"`
	} `json:"events"`
}

func statusOf(object *unstructured.Unstructured) (s status, err error) {
	content, _, err := unstructured.NestedMap(object.Object, "status")
	if err != nil {
		return s, err
	}
	return s, runtime.DefaultUnstructuredConverter.FromUnstructured(content, &s)
}

// injected tells whether the fault acts, and on all of these pods.
func (s status) injected(namespace string, pods []string) error {
	if !s.condition("AllInjected") {
		return fmt.Errorf("Chaos Mesh has not finished it: %s", s.said())
	}
	for _, pod := range pods {
		if !s.about(namespace + "/" + pod) {
			return fmt.Errorf("Chaos Mesh skipped pod %s", pod)
		}
	}
	return nil
}

// left says what keeps an object from going away.
func (s status) left() error {
	if s.condition("AllRecovered") {
		return errors.New("taken back, and its object is still there")
	}
	return fmt.Errorf("Chaos Mesh has not taken it back: %s", s.said())
}

func (s status) condition(name string) bool {
	for _, c := range s.Conditions {
		if c.Type == name {
			return c.Status == "True"
		}
	}
	return false
}

func (s status) about(pod string) bool {
	for _, r := range s.Experiment.Records {
		if r.ID == pod || strings.HasPrefix(r.ID, pod+"/") {
			return true
		}
	}
	return false
}

// said is what it is at with each of its pods, with the errors that it met last.
func (s status) said() string {
	if len(s.Experiment.Records) == 0 {
		return "it has found no pod yet"
	}
	var all []string
	for _, r := range s.Experiment.Records {
		text := r.ID + " " + r.Phase
		if n := len(r.Events); n > 0 && r.Events[n-1].Type == "Failed" {
			text += " (" + r.Events[n-1].Operation + ": " + r.Events[n-1].Message + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
