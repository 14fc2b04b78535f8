package mesh

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// APIServer is the API server as pods reach it: by the addresses of its Service,
// which is what their packets carry inside their own network namespaces. The
// address of the node behind it is left alone: clients that come through that
// node's ports have it too, since kube-proxy gives it to them.
func (m Mesh) APIServer(ctx context.Context) (Peer, error) {
	service, err := m.Core.CoreV1().Services(metav1.NamespaceDefault).Get(ctx, "kubernetes", metav1.GetOptions{})
	if err != nil {
		return Peer{}, fmt.Errorf("address of the API server: %w", err)
	}
	return Peer{Addresses: service.Spec.ClusterIPs}, nil
}
