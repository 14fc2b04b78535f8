package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/clusters/command"
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

		stranger := s.token(ctx, "stranger", audience)
		operator := s.token(ctx, "operator", audience)
		s.mayOperate(ctx, "operator")
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
			stranger:                     http.StatusForbidden,
			s.token(ctx, "operator", ""): http.StatusUnauthorized, // made for the API server
			"not.a.token":                http.StatusUnauthorized,
			strings.ToUpper(operator):    http.StatusUnauthorized,
			operator + "x":               http.StatusUnauthorized,
		} {
			got, err := refused(ctx, token)
			require.NoError(s, err)
			require.Equal(s, status, got)
		}
		require.Equal(s, before.Main, s.Whole(ctx, s).Record.Main, "nobody was let in")

		_, err := s.asking(operator).Switchover(ctx, api.SwitchoverRequest{By: "somebody else"})
		require.NoError(s, err)
		s.Eventually(ctx, "another main", 30*time.Second, func(ctx context.Context) error {
			status, err := s.API.Status(ctx)
			if err == nil && (status.Record.Main == "" || status.Record.Main == before.Main) {
				err = errors.New("not yet")
			}
			return err
		})
		who := "system:serviceaccount:" + s.Namespace + ":operator"
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
		s.switchesOverAsThePageHasIt(ctx)
	})
}

// switchesOverAsThePageHasIt executes the block of the page as one script: a line uses what
// the one before it has set.
func (s *Scenario) switchesOverAsThePageHasIt(ctx context.Context) {
	s.Helper()
	_, blocks := s.pagesOf(guide.Way("TestKubernetesSaysWhoMayChangeSomething"))
	require.Len(s, blocks, 1)
	shell, err := s.NewShell(s.TempDir(), s.Namespace, s.Values)
	require.NoError(s, err)
	build := command.New("go", "build", "-o", filepath.Join(shell.programs, "memgraph-controller"), "memgraph-controller")
	build.Dir = s.Root
	_, err = command.Exec{}.Run(ctx, build)
	require.NoError(s, err)
	s.token(ctx, "ada", "")
	shell.Names["URL"] = s.API.Base
	s.Cleanup(func() {
		_ = s.Client.RbacV1().RoleBindings(s.Namespace).Delete(context.WithoutCancel(ctx), "ada-operates", metav1.DeleteOptions{})
	})
	before := s.Whole(ctx, s).Record
	said, err := shell.Run(ctx, strings.Join(blocks[0].Commands, "\n"), false)
	require.NoError(s, err)
	s.Logf("%s", said)
	require.NotEqual(s, before.Main, s.Whole(ctx, s).Record.Main)
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

// mayOperate binds the chart's Role to an account.
func (s *Scenario) mayOperate(ctx context.Context, account string) {
	s.Helper()
	bindings := s.Client.RbacV1().RoleBindings(s.Namespace)
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-" + account},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: s.Prefix + "-operator"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: s.Namespace}},
	}
	_, err := bindings.Create(ctx, binding, metav1.CreateOptions{})
	require.NoError(s, err)
	s.Cleanup(func() { _ = bindings.Delete(context.WithoutCancel(ctx), binding.Name, metav1.DeleteOptions{}) })
}
