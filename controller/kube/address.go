package kube

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
)

const (
	// serviceDelay is how long the address of a Service may lead to where its pod was:
	// kube-proxy changes the tables of a node at most once a second.
	serviceDelay = 3 * time.Second
	// nameDelay is the same for the DNS name of a pod: CoreDNS tells, and its clients
	// believe, what is up to 5 s old.
	nameDelay = 6 * time.Second
)

// addressBook keeps the addresses of the Services that have the names of instances. A
// replica is registered at an address that stays when its pod moves, and such a Service
// gives it one that needs no DNS: with the node of both CoreDNS pods a main was lost
// whose successor could register nobody for 45 s, because no name resolved. Where there
// is no such Service, or none with an IPv4 address (Memgraph takes no other literal),
// the pod's DNS name takes its place.
type addressBook struct {
	accepts func(name string) bool
	changed func()

	mu       sync.Mutex
	listed   bool
	services map[string]service
}

type service struct {
	ip    string
	since time.Time // when it was first seen to have it
}

func newAddressBook(accepts func(string) bool, changed func()) *addressBook {
	return &addressBook{accepts: accepts, changed: changed, services: map[string]service{}}
}

// feed is where the Services come from: those with the labels of the instances.
func (b *addressBook) feed(client kubernetes.Interface, namespace, selector string) feed {
	f := newFeed("Services "+selector, client.CoreV1().Services(namespace), metav1.ListOptions{LabelSelector: selector})
	f.replace = b.replace
	f.changed = func(o runtime.Object) { b.update(func() { b.see(o) }) }
	f.gone = func(o runtime.Object) {
		if s, ok := o.(*corev1.Service); ok {
			b.update(func() { delete(b.services, s.Name) })
		}
	}
	return f
}

func (b *addressBook) update(change func()) {
	b.mu.Lock()
	change()
	b.mu.Unlock()
	b.changed()
}

func (b *addressBook) replace(objects []runtime.Object) {
	b.update(func() {
		there := map[string]bool{}
		for _, o := range objects {
			there[b.see(o)] = true
		}
		for name := range b.services {
			if !there[name] {
				delete(b.services, name)
			}
		}
		b.listed = true
	})
}

// see takes in a Service and returns its name; empty if it is of no use.
func (b *addressBook) see(o runtime.Object) string {
	s, ok := o.(*corev1.Service)
	if !ok || !b.accepts(s.Name) {
		return ""
	}
	ip := stableIP(s)
	if ip == "" {
		return ""
	}
	if b.services[s.Name].ip != ip {
		now := time.Now()
		since := now
		if !b.listed {
			since = now.Add(-max(0, now.Sub(s.CreationTimestamp.Time))) // it was there before this controller
		}
		b.services[s.Name] = service{ip: ip, since: since}
		if rest := serviceDelay - now.Sub(since); rest > 0 {
			time.AfterFunc(rest, b.changed)
		}
	}
	return s.Name
}

// stableIP is the address of a Service that leads to pods by itself and is of IPv4.
func stableIP(s *corev1.Service) string {
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		return ""
	}
	for _, text := range append([]string{s.Spec.ClusterIP}, s.Spec.ClusterIPs...) {
		if ip, err := netip.ParseAddr(text); err == nil && ip.Is4() {
			return text
		}
	}
	return ""
}

// find returns the address of an instance's Service; empty while there is none, or
// while not every node may know of it yet.
func (b *addressBook) find(name string, now time.Time) (ip string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.services[name]
	if now.Sub(s.since) < serviceDelay {
		return ""
	}
	return s.ip
}

func (b *addressBook) read() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.listed
}

// host is what a main connects to when it replicates to an instance, and how long
// that may lead elsewhere after the pod has got another address.
func (f *Fleet) host(name string, set set, now time.Time) (host string, delay time.Duration) {
	if ip := f.services.find(name, now); ip != "" {
		return ip, serviceDelay
	}
	return f.dnsName(name, set), nameDelay
}

func (f *Fleet) dnsName(name string, set set) string {
	return strings.Join([]string{name, set.service, f.config.Namespace, "svc", f.config.Domain}, ".")
}
