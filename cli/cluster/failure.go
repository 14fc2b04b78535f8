package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Explain says of a call to the API server that failed what a person can do. verb and
// resource are the words of RBAC.
func (r *Release) Explain(err error, verb, resource string) error {
	_, network := errors.AsType[*net.OpError](err)
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%s %s in namespace %s is forbidden: a Role has to give you the verb %q on %q there%s (%w)",
			verb, resource, r.Namespace, verb, resource, r.of(), err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the API server%s does not accept your credentials: log in anew (%w)", r.of(), err)
	case network || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the API server%s cannot be reached: check the kubeconfig and the way to it (%w)", r.of(), err)
	default:
		return fmt.Errorf("%s %s in namespace %s: %w", verb, resource, r.Namespace, err)
	}
}
