package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"

	"memgraph-controller/controller"
	"memgraph-controller/controller/topology"
)

// The keys of the record's ConfigMap.
const (
	recordKey   = "record.json"
	previousKey = "record.previous.json" // for people; never read
)

// Store keeps the topology record in a ConfigMap. Its methods may be called from
// any goroutine, and any number of controllers may use the same ConfigMap. The
// version of a record is the resource version of the ConfigMap, so an edit by
// hand counts as a change like any other.
type Store struct {
	maps      coreclient.ConfigMapInterface
	namespace string
	name      string
	changes   chan struct{}
	log       *slog.Logger

	mu   sync.Mutex
	last *corev1.ConfigMap // as it was last read or written
}

var _ controller.Store = (*Store)(nil)

// NewStore uses the record of a cluster. Changes says nothing before Run.
func NewStore(client kubernetes.Interface, config Config, log *slog.Logger) *Store {
	return &Store{
		maps: client.CoreV1().ConfigMaps(config.Namespace), namespace: config.Namespace, name: config.RecordName(),
		changes: make(chan struct{}, 1), log: log,
	}
}

// Run watches the record until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	known := ""
	single("ConfigMap", s.name, s.maps, func(m *corev1.ConfigMap) {
		version := ""
		if m != nil {
			version = m.ResourceVersion
		}
		if version != known {
			known = version
			s.signal()
		}
	}).follow(ctx, s.log)
	return nil
}

func (s *Store) signal() {
	select {
	case s.changes <- struct{}{}:
	default: // a value that nobody has taken yet tells of this change too
	}
}

// Changes receives a value after each change of the ConfigMap, also after a Save.
func (s *Store) Changes() <-chan struct{} { return s.changes }

// Load reads the record from the API server's storage, never from a cache: what
// it returns was in force at some moment after the call. controller.ErrNoRecord
// when there is no ConfigMap or no record in it; any other error says what is
// wrong and what a person can do.
func (s *Store) Load(ctx context.Context) (topology.Record, string, error) {
	stored, err := s.get(ctx)
	if err != nil {
		return topology.Record{}, "", fmt.Errorf("read the topology record: %w; nothing is decided until it can be read", err)
	}
	text, ok := recordIn(stored)
	if !ok {
		return topology.Record{}, "", controller.ErrNoRecord
	}
	record, err := topology.Decode([]byte(text))
	if err != nil {
		return topology.Record{}, "", s.unreadable(err)
	}
	return record, stored.ResourceVersion, nil
}

// unreadable tells a person how to go on. The previous record is never used
// without one: it may name a main that was replaced since.
func (s *Store) unreadable(err error) error {
	return fmt.Errorf("topology record in key %s of ConfigMap %s/%s cannot be understood: %w. Nothing is decided and nothing is overwritten. "+
		"Correct it (kubectl -n %s edit configmap %s); or, if you are sure that no failover or switchover happened since, copy %s over it "+
		"(an older record may name a main that has been replaced, and acknowledged writes would be lost); "+
		"or remove the key, and the record is made anew from what the instances hold", recordKey, s.namespace, s.name, err, s.namespace, s.name, previousKey)
}

// get reads the ConfigMap; nil when there is none.
func (s *Store) get(ctx context.Context) (*corev1.ConfigMap, error) {
	stored, err := s.maps.Get(ctx, s.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ConfigMap %s/%s: %w", s.namespace, s.name, err)
	}
	s.keep(stored)
	return stored, nil
}

func (s *Store) keep(stored *corev1.ConfigMap) {
	s.mu.Lock()
	s.last = stored
	s.mu.Unlock()
}

func recordIn(m *corev1.ConfigMap) (string, bool) {
	if m == nil {
		return "", false
	}
	text, ok := m.Data[recordKey]
	return text, ok
}

// Save writes the record if the stored version still is expected, "" when there
// is none; else controller.ErrConflict. It returns when the API server has
// stored it durably. After any other error the record may have been stored or
// not: Load tells.
func (s *Store) Save(ctx context.Context, record topology.Record, expected string) (string, error) {
	data, err := topology.Encode(record)
	if err != nil {
		return "", err
	}
	stored, err := s.base(ctx, expected)
	if err == nil {
		stored, err = s.write(ctx, stored, string(data))
	}
	switch {
	case errors.Is(err, controller.ErrConflict):
		return "", controller.ErrConflict
	case err != nil:
		return "", fmt.Errorf("save the topology record in ConfigMap %s/%s: %w", s.namespace, s.name, err)
	}
	s.keep(stored)
	return stored.ResourceVersion, nil
}

// base is the ConfigMap that is to be replaced; nil when there is none.
func (s *Store) base(ctx context.Context, expected string) (*corev1.ConfigMap, error) {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if expected != "" && last != nil && last.ResourceVersion == expected {
		return last, nil
	}
	stored, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	_, there := recordIn(stored)
	if there != (expected != "") || there && stored.ResourceVersion != expected {
		return nil, controller.ErrConflict
	}
	return stored, nil
}

// write puts data into the place of base, if that still is what is stored.
func (s *Store) write(ctx context.Context, base *corev1.ConfigMap, data string) (*corev1.ConfigMap, error) {
	if base == nil {
		fresh := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: s.name}, Data: map[string]string{recordKey: data}}
		stored, err := s.maps.Create(ctx, fresh, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil, controller.ErrConflict
		}
		return stored, err
	}
	next := base.DeepCopy()
	if next.Data == nil {
		next.Data = map[string]string{}
	}
	if previous, ok := base.Data[recordKey]; ok {
		next.Data[previousKey] = previous
	}
	next.Data[recordKey] = data
	stored, err := s.maps.Update(ctx, next, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil, controller.ErrConflict
	}
	return stored, err
}
