package mesh

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json" // whole numbers stay whole
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// Mesh is Chaos Mesh in a cluster, for the pods of one namespace.
type Mesh struct {
	Objects   dynamic.Interface
	Core      kubernetes.Interface
	Namespace string
}

const (
	// longest is how long a fault stays that nobody heals, so that a suite which dies
	// leaves none for ever. Rounds are far shorter.
	longest = 15 * time.Minute
	// clearedWithin is how long Chaos Mesh may take to take back what an earlier
	// round left.
	clearedWithin = time.Minute
	// poll is the pause between two looks.
	poll = 200 * time.Millisecond
)

// errNobody is what is wrong with a fault that would hit nobody.
var errNobody = errors.New("there is no such pod")

// Fault is one fault, made by one object. It can be used again when it is healed,
// and then hits whoever its pods are by then.
type Fault struct {
	mesh Mesh
	name string
	kind string
	// source and peer are whom it is about; faults that are none of the network have
	// no peer.
	source, peer Pods
	// spec writes that down.
	spec func(source aim, target *aim) any
	// ends tells, for a kill, whether one life of a pod has ended with another.
	ends func(before, now life) error

	// What Prepare finds: the object, the pods that it has to hit, and their lives
	// where it kills them.
	object *unstructured.Unstructured
	pods   []string
	lives  map[string]life
}

// fault is one that has no peer.
func (m Mesh) fault(name, kind string, pods Pods, spec func(aim) any) *Fault {
	return &Fault{mesh: m, name: name, kind: kind, source: pods, spec: func(source aim, _ *aim) any { return spec(source) }}
}

// Name is the fault's name in reports.
func (f *Fault) Name() string { return f.name }

// Prepare takes back what an earlier round left of the same fault, and finds the
// pods that it is about.
func (f *Fault) Prepare(ctx context.Context) error {
	if err := f.Heal(ctx); err != nil {
		return err
	}
	var last error
	err := wait.PollUntilContextTimeout(ctx, poll, clearedWithin, true, func(ctx context.Context) (bool, error) {
		last = f.Healed(ctx)
		return last == nil, nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	return f.wrap("prepare", f.find(ctx))
}

// find finds the pods, and writes the object down.
func (f *Fault) find(ctx context.Context) error {
	source, pods, err := f.source.at(ctx, f.mesh.Namespace)
	if err != nil {
		return err
	}
	var target *aim
	if !f.peer.none() {
		peer, more, err := f.peer.at(ctx, f.mesh.Namespace)
		if err != nil {
			return err
		}
		target, pods = &peer, slices.Concat(pods, more)
	}
	f.pods = pods
	if f.object, err = f.written(f.spec(source, target)); err != nil || f.ends == nil {
		return err
	}
	f.lives, err = f.mesh.lives(ctx, pods)
	return err
}

// Inject creates the object.
func (f *Fault) Inject(ctx context.Context) error {
	_, err := f.objects().Create(ctx, f.object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	return f.wrap("inject", err)
}

// Injected returns nil once the fault acts on every pod that it is about.
func (f *Fault) Injected(ctx context.Context) error {
	object, err := f.objects().Get(ctx, f.objectName(), metav1.GetOptions{})
	if err != nil {
		return f.wrap("look at", err)
	}
	s, err := statusOf(object)
	if err == nil {
		err = s.injected(f.mesh.Namespace, f.pods)
	}
	if err == nil && f.ends != nil {
		err = f.ended(ctx)
	}
	return f.wrap("not injected:", err)
}

// Heal deletes the object. It may be called again.
func (f *Fault) Heal(ctx context.Context) error {
	err := f.objects().Delete(ctx, f.objectName(), metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return f.wrap("heal", err)
}

// Healed returns nil once the object is gone, which is when Chaos Mesh has taken
// the fault back everywhere.
func (f *Fault) Healed(ctx context.Context) error {
	object, err := f.objects().Get(ctx, f.objectName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return f.wrap("look at", err)
	}
	s, err := statusOf(object)
	if err == nil {
		err = s.left()
	}
	return f.wrap("not healed:", err)
}

func (f *Fault) objects() dynamic.ResourceInterface {
	// The CRDs' plural names are their kinds in small letters.
	resource := schema.GroupVersionResource{Group: "chaos-mesh.org", Version: "v1alpha1", Resource: strings.ToLower(f.kind)}
	return f.mesh.Objects.Resource(resource).Namespace(f.mesh.Namespace)
}

// written is a spec as an object.
func (f *Fault) written(spec any) (*unstructured.Unstructured, error) {
	content, err := fields(spec)
	if err != nil {
		return nil, err
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "chaos-mesh.org/v1alpha1", "kind": f.kind,
		"metadata": map[string]any{"name": f.objectName(), "namespace": f.mesh.Namespace},
		"spec":     content,
	}}, nil
}

// fields are those of a spec, by their JSON names.
func fields(spec any) (fields map[string]any, err error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	return fields, json.Unmarshal(text, &fields)
}

// between is what a name of an object cannot hold.
var between = regexp.MustCompile(`[^a-z0-9]+`)

// longestName is that of a label's value, which Chaos Mesh makes of names.
const longestName = 63

// objectName is the same for every round of a fault, so that what an earlier one
// left is found.
func (f *Fault) objectName() string {
	name := between.ReplaceAllString(strings.ToLower(f.name), "-")
	return strings.Trim(name[:min(len(name), longestName)], "-")
}

func (f *Fault) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s %q: %w", what, f.kind, f.name, err)
}
