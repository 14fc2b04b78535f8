package kube

import (
	"cmp"
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// feed is where objects of one kind come from. An informer would do, but after
// an outage of the API server it waits up to a minute before it tries again, and
// it keeps whole objects where a few fields are enough.
type feed struct {
	what  string // for the log
	where metav1.ListOptions
	list  func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
	// replace gets everything there is, at first and whenever changes may have
	// been missed; changed and gone get one object. They are called one at a time.
	replace       func([]runtime.Object)
	changed, gone func(runtime.Object)
}

// typed is what the clients of all kinds have in common. L is a list.
type typed[L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func newFeed[L runtime.Object](what string, client typed[L], where metav1.ListOptions) feed {
	return feed{
		what: what, where: where, watch: client.Watch,
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return client.List(ctx, o) },
	}
}

// named is a pointer to an object of one kind.
type named interface {
	comparable
	runtime.Object
	metav1.Object
}

// single is a feed of the one object of a name: seen gets it at first and after
// each change, and nil when there is none.
func single[T named, L runtime.Object](what, name string, client typed[L], seen func(T)) feed {
	var none T
	f := newFeed(what+" "+name, client, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String(),
	})
	pick := func(o runtime.Object) T {
		if found, ok := o.(T); ok && found.GetName() == name {
			return found
		}
		return none
	}
	f.replace = func(objects []runtime.Object) {
		found := none
		for _, o := range objects {
			found = cmp.Or(pick(o), found)
		}
		seen(found)
	}
	f.changed = func(o runtime.Object) {
		if found := pick(o); found != none {
			seen(found)
		}
	}
	f.gone = func(o runtime.Object) {
		if pick(o) != none {
			seen(none)
		}
	}
	return f
}
