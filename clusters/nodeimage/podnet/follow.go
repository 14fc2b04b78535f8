package main

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"memgraph-controller/clusters/nodeimage/podnet/policy"
)

const (
	// settle gathers the changes of a rollout into few rewrites of the rules.
	settle = 200 * time.Millisecond
	// retry is the pause after an error, such as a lock of iptables that is held.
	retry = 2 * time.Second
)

// objects is what the API server holds, as watched.
type objects struct {
	nodes      cache.SharedIndexInformer
	pods       cache.SharedIndexInformer
	namespaces cache.SharedIndexInformer
	policies   cache.SharedIndexInformer
}

// follow reconciles the node with the cluster after every change, until ctx ends.
func follow(ctx context.Context, client kubernetes.Interface, n *node) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	watched := objects{
		nodes:      factory.Core().V1().Nodes().Informer(),
		pods:       factory.Core().V1().Pods().Informer(),
		namespaces: factory.Core().V1().Namespaces().Informer(),
		policies:   factory.Networking().V1().NetworkPolicies().Informer(),
	}
	changes := make(chan struct{}, 1)
	notify := func() {
		select {
		case changes <- struct{}{}:
		default:
		}
	}
	for _, informer := range []cache.SharedIndexInformer{watched.nodes, watched.pods, watched.namespaces, watched.policies} {
		handler := cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { notify() }, UpdateFunc: func(any, any) { notify() }, DeleteFunc: func(any) { notify() },
		}
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	for _, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return errors.Join(errors.New("the API server's objects could not be listed"), context.Cause(ctx))
		}
	}
	return each(ctx, changes, func() error {
		return n.reconcile(ctx, list[*corev1.Node](watched.nodes), policy.State{
			Pods:       list[*corev1.Pod](watched.pods),
			Namespaces: list[*corev1.Namespace](watched.namespaces),
			Policies:   list[*networking.NetworkPolicy](watched.policies),
		})
	}, func(err error) { n.log.Warn("not done, trying again", "error", err) })
}

// each calls reconcile soon after a change, and again after an error, until ctx
// ends. Changes that go on and on do not put it off.
func each(ctx context.Context, changes <-chan struct{}, reconcile func() error, failed func(error)) error {
	due := time.NewTimer(0)
	soon := true
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changes:
			if !soon {
				soon = true
				due.Reset(settle)
			}
			continue
		case <-due.C:
			soon = false
		}
		if err := reconcile(); err != nil {
			failed(err)
			due.Reset(retry)
		}
	}
}

func list[T any](informer cache.SharedIndexInformer) []T {
	var all []T
	_ = cache.ListAll(informer.GetStore(), labels.Everything(), func(o any) { all = append(all, o.(T)) })
	return all
}
