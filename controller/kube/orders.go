package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"

	"memgraph-controller/controller"
	"memgraph-controller/controller/kube/prestart"
	"memgraph-controller/controller/topology"
)

// OrderBook is the ConfigMap with the last order to each instance. It is one of
// its own beside the record, whose version a new order would change in the
// middle of a failover. Nobody removes an order: it names the pod that it is
// about, so it is void once it was carried out.
type OrderBook struct {
	maps      coreclient.ConfigMapInterface
	namespace string
	name      string
	store     *Store
}

var _ prestart.Source = (*OrderBook)(nil)

// NewOrderBook uses the orders of a cluster.
func NewOrderBook(client kubernetes.Interface, config Config) *OrderBook {
	return &OrderBook{
		maps: client.CoreV1().ConfigMaps(config.Namespace), namespace: config.Namespace, name: config.OrdersName(),
		store: NewStore(client, config, nil),
	}
}

// orderTries bounds the tries to write an order while others write theirs.
const orderTries = 4

// put writes the order to an instance, in the place of an older one.
func (b *OrderBook) put(ctx context.Context, instance string, order prestart.Order) error {
	text, err := prestart.Encode(order)
	if err != nil {
		return err
	}
	for range orderTries {
		if err = b.tryPut(ctx, instance, text); !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("write the order to ConfigMap %s/%s: %w", b.namespace, b.name, err)
	}
	return nil
}

func (b *OrderBook) tryPut(ctx context.Context, instance, text string) error {
	stored, err := b.maps.Get(ctx, b.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		fresh := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: b.name}, Data: map[string]string{instance: text}}
		_, err = b.maps.Create(ctx, fresh, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	next := stored.DeepCopy()
	next.Data = maps.Clone(stored.Data)
	if next.Data == nil {
		next.Data = map[string]string{}
	}
	next.Data[instance] = text
	_, err = b.maps.Update(ctx, next, metav1.UpdateOptions{})
	return err
}

// Founded tells whether there is a topology record.
func (b *OrderBook) Founded(ctx context.Context) (bool, error) {
	record, _, err := b.store.Load(ctx)
	if errors.Is(err, controller.ErrNoRecord) {
		return false, nil
	}
	return record.Epoch > 0, err
}

// Pending returns the last order to an instance, nil when there was none, and
// the record that was in force after it was read.
func (b *OrderBook) Pending(ctx context.Context, instance string) (*prestart.Order, topology.Record, error) {
	stored, err := b.maps.Get(ctx, b.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, topology.Record{}, nil
	}
	if err != nil {
		return nil, topology.Record{}, fmt.Errorf("read ConfigMap %s/%s: %w", b.namespace, b.name, err)
	}
	text, ok := stored.Data[instance]
	if !ok {
		return nil, topology.Record{}, nil
	}
	order, err := prestart.Decode(text)
	if err != nil {
		return nil, topology.Record{}, fmt.Errorf("key %s of ConfigMap %s/%s: %w", instance, b.namespace, b.name, err)
	}
	record, _, err := b.store.Load(ctx)
	if err != nil && !errors.Is(err, controller.ErrNoRecord) {
		return nil, topology.Record{}, err
	}
	return &order, record, nil
}
