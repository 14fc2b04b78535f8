package mesh

import "context"

// Pods say which pods of the namespace a fault hits. The zero value is none.
type Pods struct {
	find func(context.Context) ([]string, error)
}

// Named are the pods of these names.
func Named(names ...string) Pods {
	return Found(func(context.Context) ([]string, error) { return names, nil })
}

// Found are those whose names a function returns when a fault is prepared, such as
// the main's at that time.
func Found(find func(context.Context) (names []string, err error)) Pods { return Pods{find: find} }

// aim says in a spec which pods are hit: all that the selector finds.
type aim struct {
	Mode     string   `json:"mode"`
	Selector selector `json:"selector"`
}

type selector struct {
	Pods map[string][]string `json:"pods"`
}

// none tells that they are no pods at all.
func (p Pods) none() bool { return p.find == nil }

// at aims at the pods, and returns the names of those that have to be hit. Chaos
// Mesh ignores everything else in a selector that names pods.
func (p Pods) at(ctx context.Context, namespace string) (a aim, names []string, err error) {
	if names, err = p.find(ctx); err != nil {
		return a, nil, err
	}
	if len(names) == 0 {
		return a, nil, errNobody // for Chaos Mesh an empty selector is the whole namespace
	}
	return aim{Mode: "all", Selector: selector{Pods: map[string][]string{namespace: names}}}, names, nil
}

// containers says in a spec which containers of the pods are hit.
type containers struct {
	aim
	ContainerNames []string `json:"containerNames"`
}
