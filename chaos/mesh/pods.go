package mesh

// Pods are some pods of the namespace: those of these names, or, without any name,
// those with all of the labels.
type Pods struct {
	Names  []string
	Labels map[string]string
}

// Named are the pods of these names.
func Named(names ...string) Pods { return Pods{Names: names} }

// Labelled are all pods with these labels.
func Labelled(labels map[string]string) Pods { return Pods{Labels: labels} }

// aim says in a spec which pods are hit: all that the selector finds.
type aim struct {
	Mode     string   `json:"mode"`
	Selector selector `json:"selector"`
}

type selector struct {
	Namespaces     []string            `json:"namespaces,omitempty"`
	LabelSelectors map[string]string   `json:"labelSelectors,omitempty"`
	Pods           map[string][]string `json:"pods,omitempty"`
}

// at aims at pods of a namespace. Chaos Mesh ignores everything else in a selector
// that names pods.
func (p Pods) at(namespace string) aim {
	if len(p.Names) > 0 {
		return aim{Mode: "all", Selector: selector{Pods: map[string][]string{namespace: p.Names}}}
	}
	return aim{Mode: "all", Selector: selector{Namespaces: []string{namespace}, LabelSelectors: p.Labels}}
}

// containers says in a spec which containers of the pods are hit.
type containers struct {
	aim
	ContainerNames []string `json:"containerNames"`
}
