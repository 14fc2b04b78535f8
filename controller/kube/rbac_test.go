package kube

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/transport"

	"memgraph-controller/controller/kube/prestart"
)

// allows tells whether rules allow a request. As in Kubernetes the creation of
// an object has no name, and lists and watches have that of their selector.
func allows(rules []rbacv1.PolicyRule, verb, group, resource, name string) bool {
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		named := len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, name)
		return slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource) && slices.Contains(r.Verbs, verb) && named
	})
}

// object is the name that the authorization of a request goes by.
func object(action clienttesting.Action) string {
	switch a := action.(type) {
	case clienttesting.ListActionImpl:
		name, _ := a.ListRestrictions.Fields.RequiresExactMatch("metadata.name")
		return name
	case clienttesting.WatchActionImpl:
		name, _ := a.WatchRestrictions.Fields.RequiresExactMatch("metadata.name")
		return name
	case clienttesting.GetActionImpl:
		return a.Name
	case clienttesting.DeleteActionImpl:
		return a.Name
	case clienttesting.PatchActionImpl:
		return a.Name
	case clienttesting.UpdateActionImpl:
		return a.GetObject().(interface{ GetName() string }).GetName()
	}
	return ""
}

func resource(action clienttesting.Action) string {
	if action.GetSubresource() != "" {
		return action.GetResource().Resource + "/" + action.GetSubresource()
	}
	return action.GetResource().Resource
}

// TestRulesAllowWhatIsDoneAndNothingElse lets everything happen once and
// compares the requests with the rules.
func TestRulesAllowWhatIsDoneAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(append(three(), controllerPod("c", "uid-c", runs))...)
		events := newEvents(t, s) // runs a fleet too
		store, lease := newStore(s), stand(t, s, "c")
		background(t, store.Run)
		runPeers(t, s)
		runRecent(t, s)
		fleet := runFleet(t, s)
		readiness := NewReadiness(s, fleet, fleet.log)
		background(t, readiness.Run)

		version, err := store.Save(t.Context(), numbered(1), "")
		require.NoError(t, err)
		_, err = store.Save(t.Context(), numbered(2), version)
		require.NoError(t, err)
		_, _, err = store.Load(t.Context())
		require.NoError(t, err)
		readiness.Report("memgraph-0", true, "in sync")
		require.NoError(t, fleet.Restart(t.Context(), "memgraph-1"))
		require.NoError(t, fleet.Restart(t.Context(), "memgraph-2"))
		events.Normal("Again", "again")
		events.Normal("Again", "again")
		time.Sleep(time.Minute)
		synctest.Wait()
		taken := lease.known.DeepCopy()
		taken.Spec.HolderIdentity = new(string)
		s.put(taken)
		time.Sleep(time.Minute)

		requireExactly(t, ControllerRules(config()), s.Actions())
		s.ClearActions()
		_, _, err = NewOrderBook(s, config()).Pending(t.Context(), "memgraph-1")
		require.NoError(t, err)
		requireExactly(t, DatabaseRules(config()), s.Actions())
	})
}

func requireExactly(t *testing.T, rules []rbacv1.PolicyRule, actions []clienttesting.Action) {
	t.Helper()
	for _, a := range actions {
		require.True(t, allows(rules, a.GetVerb(), a.GetResource().Group, resource(a), object(a)),
			"%s %s %s is not allowed", a.GetVerb(), resource(a), object(a))
	}
	for n, rule := range rules {
		for _, verb := range rule.Verbs {
			without := slices.Clone(rules)
			without[n].Verbs = slices.DeleteFunc(slices.Clone(rule.Verbs), func(v string) bool { return v == verb })
			needed := slices.ContainsFunc(actions, func(a clienttesting.Action) bool {
				return !allows(without, a.GetVerb(), a.GetResource().Group, resource(a), object(a))
			})
			require.True(t, needed, "nobody needs to %s %v", verb, rule.Resources)
		}
	}
}

func TestOrdersAreWhatPrestartReads(t *testing.T) {
	var source prestart.Source = NewOrderBook(newServer(), config())
	order, record, err := source.Pending(t.Context(), "memgraph-0")
	require.NoError(t, err)
	require.Nil(t, order)
	require.Zero(t, record.Epoch)
}

// TestClientGivesUpDeadConnections checks that no request shares a connection
// with a watch: over HTTP/2 all would hang when one API server goes silent.
func TestClientGivesUpDeadConnections(t *testing.T) {
	config := &rest.Config{Host: "https://10.96.0.1:443"}
	tune(config, "v1")
	require.Equal(t, "memgraph-controller/v1", config.UserAgent)
	settings, err := config.TransportConfig()
	require.NoError(t, err)
	made, err := transport.New(settings)
	require.NoError(t, err)
	for {
		wrapper, ok := made.(interface{ WrappedRoundTripper() http.RoundTripper })
		if !ok {
			break
		}
		made = wrapper.WrappedRoundTripper()
	}
	require.Equal(t, []string{"http/1.1"}, made.(*http.Transport).TLSClientConfig.NextProtos)
	require.NotContains(t, made.(*http.Transport).TLSNextProto, "h2")
}
