package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/clusters/helm"
	"memgraph-controller/controller/api"
	guide "memgraph-controller/docs/check"
)

// audience is what the chart has tokens made for.
const audience = "memgraph-controller"

func TestKubernetesSaysWhoMayChangeSomething(t *testing.T) {
	scenario(t, "an account that a Role lets do it switches over under its own name, and no other does", func(ctx context.Context, s *Scenario) {
		s.Cleanup(func() { require.NoError(s, s.Install(context.WithoutCancel(ctx), nil)) })
		require.NoError(s, s.Install(ctx, helm.Values{"kubernetesAuth": helm.Values{"enabled": true}}))
		before := s.Whole(ctx, s).Record

		// The page's account is ada, whom it binds to the chart's Role.
		stranger, operator := s.token(ctx, "stranger", audience), s.token(ctx, "ada", audience)
		script, names := guide.ScriptOf(s, s.Root), map[string]string{"N": s.Namespace, "R": s.Prefix, "URL": s.API.Base}
		shell, err := s.NewShell(s.TempDir(), s.Namespace, nil)
		require.NoError(s, err)
		require.NoError(s, os.Symlink(s.person(ctx).program, filepath.Join(shell.programs, "memgraph-controller")))
		s.Cleanup(func() {
			_ = s.Client.RbacV1().RoleBindings(s.Namespace).Delete(context.WithoutCancel(ctx), "ada-operates", metav1.DeleteOptions{})
		})
		_, err = shell.Run(ctx, script.Line("kubectl -n N create rolebinding", names), false)
		require.NoError(s, err)
		refused := func(ctx context.Context, token string) (int, error) {
			_, err := s.asking(token).Switchover(ctx, api.SwitchoverRequest{})
			refusal, refused := errors.AsType[*api.Error](err)
			switch {
			case refused:
				return refusal.Status, nil
			case err == nil:
				err = errors.New("it was not refused")
			}
			return 0, err
		}
		// A controller of before serves for a while yet, and asks nobody.
		s.Eventually(ctx, "controllers that ask Kubernetes", time.Minute, func(ctx context.Context) error {
			status, err := refused(ctx, stranger)
			if err == nil && status != http.StatusForbidden {
				err = fmt.Errorf("the answer was %d", status)
			}
			return err
		})
		for token, status := range map[string]int{
			stranger:                  http.StatusForbidden,
			s.token(ctx, "ada", ""):   http.StatusUnauthorized, // made for the API server
			"not.a.token":             http.StatusUnauthorized,
			strings.ToUpper(operator): http.StatusUnauthorized,
			operator + "x":            http.StatusUnauthorized,
		} {
			got, err := refused(ctx, token)
			require.NoError(s, err)
			require.Equal(s, status, got)
		}
		require.Equal(s, before.Main, s.Whole(ctx, s).Record.Main, "nobody was let in")

		// What it claims to be called by, a person of this machine, is nobody's.
		lines := []string{
			script.Line("TOKEN=$(kubectl", names),
			script.Line("MEMGRAPH_CONTROLLER_TOKEN=$TOKEN", names),
		}
		said, err := shell.Run(ctx, strings.Join(lines, "\n"), false)
		require.NoError(s, err)
		s.Logf("%s", said)
		s.Eventually(ctx, "another main", 30*time.Second, func(ctx context.Context) error {
			status, err := s.API.Status(ctx)
			if err == nil && (status.Record.Main == "" || status.Record.Main == before.Main) {
				err = errors.New("not yet")
			}
			return err
		})
		who := "system:serviceaccount:" + s.Namespace + ":ada"
		s.Eventually(ctx, "an Event says who asked", 10*time.Second, func(ctx context.Context) error {
			events, err := s.Client.CoreV1().Events(s.Namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return err
			}
			for _, e := range events.Items {
				if e.Reason == string(api.TransitionAsked) && strings.Contains(e.Message, "asked for by "+who) {
					return nil
				}
			}
			return errors.New("none does")
		})
		s.Whole(ctx, s)
	})
}

// asking asks with a token.
func (s *Scenario) asking(token string) api.Client {
	client := s.API
	client.Token = token
	return client
}

// token is one of an account, which is made if it is not there; for "" it is made for the
// API server.
func (s *Scenario) token(ctx context.Context, account, audience string) string {
	s.Helper()
	accounts := s.Client.CoreV1().ServiceAccounts(s.Namespace)
	if _, err := accounts.Get(ctx, account, metav1.GetOptions{}); err != nil {
		_, err := accounts.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{})
		require.NoError(s, err)
		s.Cleanup(func() { _ = accounts.Delete(context.WithoutCancel(ctx), account, metav1.DeleteOptions{}) })
	}
	request := &authenticationv1.TokenRequest{}
	if audience != "" {
		request.Spec.Audiences = []string{audience}
	}
	made, err := accounts.CreateToken(ctx, account, request, metav1.CreateOptions{})
	require.NoError(s, err)
	return made.Status.Token
}
