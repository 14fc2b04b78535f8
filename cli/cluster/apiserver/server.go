// Package apiserver is the little of a Kubernetes API server that tests of the command
// line need: it lists and reads objects, gives logs, deletes pods, and forwards ports,
// over WebSocket and over SPDY, to addresses of this machine.
package apiserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Server is such a server. Its fields are set before it is asked.
type Server struct {
	Pods       []corev1.Pod
	Secrets    []corev1.Secret
	ConfigMaps []corev1.ConfigMap
	Events     []corev1.Event
	// Logs are by pod/container, with " previous" after it for the run before.
	Logs map[string]string
	// Ports are the addresses that ports of pods lead to, by pod:port.
	Ports map[string]string
	// Forbidden are verbs and resources, such as "list pods".
	Forbidden []string
	// OnlySPDY: it knows no port-forward over WebSocket, as before Kubernetes 1.30.
	OnlySPDY bool
	// Deleted is told of each pod that is deleted.
	Deleted func(pod string)

	// URL is its address.
	URL string

	mu   sync.Mutex
	over map[string]int
}

// Start serves until the test ends.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL, s.over = server.URL, map[string]int{}
}

// Kubeconfig writes a kubeconfig with the context "test" and the namespace "db", and
// returns its path.
func (s *Server) Kubeconfig(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: test,
clusters: [{name: c, cluster: {server: %q}}],
contexts: [{name: test, context: {cluster: c, user: u, namespace: db}}],
users: [{name: u, user: {token: of-a-person}}]}`, s.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Forwards counts the port-forwards by protocol, "websocket" and "spdy".
func (s *Server) Forwards(protocol string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over[protocol]
}

// Controller is a pod of a controller of release, in namespace db.
func Controller(release, name string, ready bool) corev1.Pod {
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	secret := func(name, key string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}}
	}
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "db", UID: types.UID("uid-of-" + name),
			Labels: map[string]string{
				"app.kubernetes.io/name": "memgraph-controller", "app.kubernetes.io/instance": release, "app.kubernetes.io/component": "controller",
			},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "controller",
			Args: []string{"run", "--statefulset=" + release, "--instance-selector=app.kubernetes.io/instance=" + release + ",app.kubernetes.io/component=database"},
			Env: []corev1.EnvVar{
				{Name: "MEMGRAPH_CONTROLLER_TOKEN", ValueFrom: secret(release+"-admin-token", "token")},
				{Name: "MEMGRAPH_PASSWORD", ValueFrom: secret(release+"-user", "password")},
			},
		}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}},
	}
}

// Database is a pod of the database of release.
func Database(release, name string) corev1.Pod {
	pod := Controller(release, name, true)
	pod.Labels["app.kubernetes.io/component"] = "database"
	pod.Spec.Containers = []corev1.Container{{Name: "memgraph"}}
	return pod
}

// Secret is a Secret of namespace db.
func Secret(name, key, value string) corev1.Secret {
	return corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "db"}, Data: map[string][]byte{key: []byte(value)}}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/version" {
		answer(w, map[string]string{"gitVersion": "v1.34.4", "major": "1", "minor": "34"})
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v1/namespaces/db/")
	if !ok {
		answer(w, corev1.PodList{}) // other namespaces are empty
		return
	}
	parts := strings.Split(path, "/")
	resource, name := parts[0], ""
	if len(parts) > 1 {
		name = parts[1]
	}
	if len(parts) > 2 {
		resource += "/" + parts[2]
	}
	verb := map[string]string{http.MethodGet: "get", http.MethodPost: "create", http.MethodDelete: "delete"}[r.Method]
	if name == "" {
		verb = "list"
	}
	if slices.Contains(s.Forbidden, verb+" "+resource) {
		refuse(w, apierrors.NewForbidden(schema.GroupResource{Resource: resource}, name, fmt.Errorf("user cannot %s %s", verb, resource)))
		return
	}
	s.serve(w, r, resource, name)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, resource, name string) {
	switch resource {
	case "pods":
		s.pods(w, r, name)
	case "pods/log":
		s.log(w, r, name)
	case "pods/portforward":
		s.forward(w, r, name)
	case "events":
		answer(w, corev1.EventList{Items: s.Events})
	case "secrets":
		one(w, resource, name, s.Secrets, func(o corev1.Secret) string { return o.Name })
	case "configmaps":
		one(w, resource, name, s.ConfigMaps, func(o corev1.ConfigMap) string { return o.Name })
	default:
		refuse(w, apierrors.NewNotFound(schema.GroupResource{Resource: resource}, name))
	}
}

func (s *Server) pods(w http.ResponseWriter, r *http.Request, name string) {
	switch {
	case r.Method == http.MethodDelete:
		if s.Deleted != nil {
			s.Deleted(name)
		}
		answer(w, metav1.Status{Status: metav1.StatusSuccess})
	case name != "":
		one(w, "pods", name, s.Pods, func(o corev1.Pod) string { return o.Name })
	default:
		selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
		if err != nil {
			refuse(w, apierrors.NewBadRequest(err.Error()))
			return
		}
		list := corev1.PodList{}
		for _, pod := range s.Pods {
			if selector.Matches(labels.Set(pod.Labels)) {
				list.Items = append(list.Items, pod)
			}
		}
		answer(w, list)
	}
}

func (s *Server) log(w http.ResponseWriter, r *http.Request, name string) {
	key := name + "/" + r.URL.Query().Get("container")
	if r.URL.Query().Get("previous") == "true" {
		key += " previous"
	}
	text, ok := s.Logs[key]
	if !ok {
		refuse(w, apierrors.NewBadRequest("there is no log of "+key))
		return
	}
	if limit, err := strconv.Atoi(r.URL.Query().Get("limitBytes")); err == nil {
		text = text[:min(limit, len(text))]
	}
	_, _ = w.Write([]byte(text))
}

func one[T any](w http.ResponseWriter, resource, name string, all []T, named func(T) string) {
	i := slices.IndexFunc(all, func(o T) bool { return named(o) == name })
	if i < 0 {
		refuse(w, apierrors.NewNotFound(schema.GroupResource{Resource: resource}, name))
		return
	}
	answer(w, all[i])
}

func answer(w http.ResponseWriter, object any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(object)
}

func refuse(w http.ResponseWriter, err *apierrors.StatusError) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(err.ErrStatus.Code))
	status := err.ErrStatus
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	_ = json.NewEncoder(w).Encode(status)
}
