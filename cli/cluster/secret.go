package cluster

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The variables of a controller's environment that are credentials.
const (
	TokenVariable    = "MEMGRAPH_CONTROLLER_TOKEN"
	UserVariable     = "MEMGRAPH_USER"
	PasswordVariable = "MEMGRAPH_PASSWORD"
)

// Credential is what the controllers have in a variable of their environment, read
// out of the Secret that they get it from, whatever its name; empty where they have
// none.
func (r *Release) Credential(ctx context.Context, variable string) (string, error) {
	for _, env := range r.container().Env {
		if env.Name != variable {
			continue
		}
		if env.ValueFrom == nil || env.ValueFrom.SecretKeyRef == nil {
			return env.Value, nil
		}
		ref := env.ValueFrom.SecretKeyRef
		ctx, cancel := context.WithTimeout(ctx, askWithin)
		defer cancel()
		secret, err := r.Client.CoreV1().Secrets(r.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return "", r.Explain(err, "get", "secrets")
		}
		value, ok := secret.Data[ref.Key]
		if !ok {
			return "", fmt.Errorf("Secret %s/%s has no key %q, which the controllers take %s from", r.Namespace, ref.Name, ref.Key, variable)
		}
		return string(value), nil
	}
	return "", nil
}
