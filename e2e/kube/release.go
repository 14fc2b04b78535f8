package kube

import (
	"context"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/clusters"
	"memgraph-controller/clusters/helm"
	"memgraph-controller/clusters/kind"
	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/forward"
)

// Release is one installation of the chart.
type Release struct {
	*Cluster
	fleet.Fleet
	// Prefix is the release's name, with which the names of its objects begin.
	Prefix string
	// Write and Read are the gateways as they are reached from this machine.
	Write, Read string
	// API asks whichever controller the Service leads to.
	API api.Client
	// Values are those that it was installed with last.
	Values helm.Values
}

// The ports of the chart's pods.
const (
	boltPort        = 7687
	readPort        = 7688
	httpPort        = 8080
	replicationPort = 10000
)

// Main is the release that most tests are about: three instances and three
// controllers, reached through node ports.
func (c *Cluster) Main() *Release {
	r := c.release(clusters.Release, clusters.Release)
	r.Write, r.Read = c.Kind.At(kind.WriteNodePort), c.Kind.At(kind.ReadNodePort)
	r.API.Base = "http://" + c.Kind.At(kind.HTTPNodePort)
	r.Values = helm.Merged(r.Values, clusters.NodePorts())
	return r
}

// release is one with the values that all have.
func (c *Cluster) release(namespace, name string) *Release {
	part := func(component string) string {
		return "app.kubernetes.io/instance=" + name + ",app.kubernetes.io/component=" + component
	}
	return &Release{
		Cluster: c, Prefix: name,
		Fleet: fleet.Fleet{
			Kube: c.Client, Namespace: namespace, StatefulSet: name,
			Databases: part("database"), Controllers: part("controller"),
		},
		API:    api.Client{HTTP: fresh()},
		Values: c.Images.Values(),
	}
}

// fresh is an HTTP client that uses no connection twice: one to a pod that has
// died would be silent for long, and all questions would go to one controller.
func fresh() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
}

// Install installs the chart, or upgrades it, with over in the place of the
// release's values, and returns when everything is ready. over is not kept.
func (r *Release) Install(ctx context.Context, over helm.Values) error {
	if err := r.namespace(ctx); err != nil {
		return err
	}
	return r.Helm.Upgrade(ctx, r.Prefix, r.Namespace, r.site.Chart(), helm.Merged(r.Values, over))
}

// namespace makes the release's namespace, which admits nothing but what fits
// the strictest of the Pod Security Standards.
func (r *Release) namespace(ctx context.Context) error {
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: r.Namespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	_, err := r.Client.CoreV1().Namespaces().Create(ctx, n, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// Tunnel opens a port-forward to a pod of the release.
func (r *Release) Tunnel(ctx context.Context, pod string, port int) (*forward.Tunnel, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return forward.Open(ctx, r.Config, r.Client, r.Namespace, pod, port)
}

// Token reads the token of the admin calls out of the Secret that the controllers
// get theirs from.
func (r *Release) Token(ctx context.Context) (string, error) {
	deployment, err := r.Client.AppsV1().Deployments(r.Namespace).Get(ctx, r.Prefix+"-controller", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	for _, container := range deployment.Spec.Template.Spec.Containers {
		for _, env := range container.Env {
			if env.Name != "MEMGRAPH_CONTROLLER_TOKEN" || env.ValueFrom == nil || env.ValueFrom.SecretKeyRef == nil {
				continue
			}
			ref := env.ValueFrom.SecretKeyRef
			secret, err := r.Client.CoreV1().Secrets(r.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
			if err != nil {
				return "", err
			}
			if token := string(secret.Data[ref.Key]); token != "" {
				return token, nil
			}
			return "", fmt.Errorf("Secret %s/%s has no key %s", r.Namespace, ref.Name, ref.Key)
		}
	}
	return "", fmt.Errorf("Deployment %s takes no token from a Secret", deployment.Name)
}
