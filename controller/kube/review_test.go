package kube

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"memgraph-controller/controller/api"
)

// authority is the part of an API server that knows tokens and rules.
type authority struct {
	mu sync.Mutex
	// owners are the tokens and whose they are; audiences what they are made for.
	owners    map[string]string
	audiences []string
	// rules are "user verb".
	rules []string
	down  error
	asked []clienttesting.Action
}

func (a *authority) client() *fake.Clientset {
	client := fake.NewClientset()
	client.PrependReactor("create", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asked = append(a.asked, action)
		if a.down != nil {
			return true, nil, a.down
		}
		switch o := action.(clienttesting.CreateAction).GetObject().(type) {
		case *authenticationv1.TokenReview:
			return true, a.authenticate(o.DeepCopy()), nil
		case *authorizationv1.SubjectAccessReview:
			return true, a.authorize(o.DeepCopy()), nil
		}
		return false, nil, nil
	})
	return client
}

// authenticate answers as an API server does: with those of the audiences that a token was
// made for.
func (a *authority) authenticate(review *authenticationv1.TokenReview) *authenticationv1.TokenReview {
	for _, audience := range review.Spec.Audiences {
		if slices.Contains(a.audiences, audience) {
			review.Status.Audiences = append(review.Status.Audiences, audience)
		}
	}
	if user, ok := a.owners[review.Spec.Token]; ok {
		review.Status.Authenticated = len(review.Status.Audiences) > 0 || a.audiences == nil
		review.Status.User = authenticationv1.UserInfo{
			Username: user, UID: "uid", Groups: []string{"system:authenticated"},
			Extra: map[string]authenticationv1.ExtraValue{"key": {"value"}},
		}
	}
	return review
}

func (a *authority) authorize(review *authorizationv1.SubjectAccessReview) *authorizationv1.SubjectAccessReview {
	spec := review.Spec
	review.Status.Allowed = slices.Contains(a.rules, spec.User+" "+spec.ResourceAttributes.Verb) &&
		slices.Contains(spec.Groups, "system:authenticated") && spec.UID == "uid" && spec.Extra["key"][0] == "value" &&
		*spec.ResourceAttributes == authorizationv1.ResourceAttributes{
			Namespace: namespace, Group: "memgraph-controller.io", Version: "*", Resource: "memgraphclusters", Name: "memgraph",
			Verb: spec.ResourceAttributes.Verb,
		}
	return review
}

func (a *authority) reviews() *Reviews {
	return NewReviews(a.client(), config(), "memgraph-controller", slog.New(slog.DiscardHandler))
}

func (a *authority) questions() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

func known() *authority {
	return &authority{
		owners:    map[string]string{"t-ada": "ada", "t-bob": "bob"},
		audiences: []string{"memgraph-controller"},
		rules:     []string{"ada switchover", "ada pause"},
	}
}

func status(t *testing.T, err error) int {
	t.Helper()
	refusal, ok := errors.AsType[*api.Error](err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, refusal.Hint)
	return refusal.Status
}

func TestATokenCountsForWhatARoleAllows(t *testing.T) {
	for name, c := range map[string]struct {
		token, verb, user string
		status            int
		change            func(*authority)
	}{
		"allowed":                     {token: "t-ada", verb: "switchover", user: "ada"},
		"another verb":                {token: "t-ada", verb: "failover", user: "ada", status: http.StatusForbidden},
		"no rule":                     {token: "t-bob", verb: "switchover", user: "bob", status: http.StatusForbidden},
		"nobody's":                    {token: "guess", verb: "switchover", status: http.StatusUnauthorized},
		"made for something else":     {token: "t-ada", verb: "switchover", status: http.StatusUnauthorized, change: func(a *authority) { a.audiences = []string{"vault"} }},
		"made for nothing in special": {token: "t-ada", verb: "switchover", status: http.StatusUnauthorized, change: func(a *authority) { a.audiences = nil }},
		"the API server is away":      {token: "t-ada", verb: "switchover", status: http.StatusServiceUnavailable, change: func(a *authority) { a.down = errDown }},
	} {
		t.Run(name, func(t *testing.T) {
			a := known()
			if c.change != nil {
				c.change(a)
			}
			user, err := a.reviews().Review(t.Context(), c.token, c.verb)
			require.Equal(t, c.user, user)
			if c.status == 0 {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.status, status(t, err))
			require.NotContains(t, err.Error(), c.token)
		})
	}
}

func TestAnAnswerCountsForAShortTimeAndForItsVerbAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := known()
		r := a.reviews()
		for range 3 {
			_, err := r.Review(t.Context(), "t-ada", "switchover")
			require.NoError(t, err)
			_, err = r.Review(t.Context(), "guess", "switchover")
			require.Equal(t, http.StatusUnauthorized, status(t, err))
		}
		require.Equal(t, 3, a.questions(), "two for a token that counts, one for another")
		_, err := r.Review(t.Context(), "t-ada", "failover")
		require.Equal(t, http.StatusForbidden, status(t, err), "what was allowed was a switchover")

		a.rules = nil
		time.Sleep(reviewAgain)
		_, err = r.Review(t.Context(), "t-ada", "switchover")
		require.Equal(t, http.StatusForbidden, status(t, err), "a right that was taken away is gone")
	})
}

// An outage must neither let anybody in nor be remembered as a refusal.
func TestWithoutAnAnswerNobodyIsLetIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := known()
		r := a.reviews()
		_, err := r.Review(t.Context(), "t-ada", "pause")
		require.NoError(t, err)
		a.down = errDown
		_, err = r.Review(t.Context(), "t-ada", "pause")
		require.NoError(t, err, "it was answered a moment ago")
		time.Sleep(reviewAgain)
		_, err = r.Review(t.Context(), "t-ada", "pause")
		require.Equal(t, http.StatusServiceUnavailable, status(t, err))
		a.down = nil
		_, err = r.Review(t.Context(), "t-ada", "pause")
		require.NoError(t, err)
	})
}

func TestMadeUpTokensCostABoundedAmount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := known()
		r := a.reviews()
		for n := range 3 * reviewsKept {
			_, _ = r.Review(t.Context(), fmt.Sprint("guess ", n), "pause")
		}
		require.LessOrEqual(t, len(r.known), reviewsKept)
		time.Sleep(reviewAgain)
		_, _ = r.Review(t.Context(), "guess", "pause")
		require.Len(t, r.known, 1, "what counts no more is not kept")

		for range reviewsAtOnce { // as many questions wait for an answer
			r.slots <- struct{}{}
		}
		_, err := r.Review(t.Context(), "t-ada", "pause")
		require.Equal(t, http.StatusServiceUnavailable, status(t, err))
		<-r.slots
		_, err = r.Review(t.Context(), "t-ada", "pause")
		require.NoError(t, err)
	})
}

// A verb that nobody could be allowed would be one that Roles cannot give.
func TestOperatorsMayDoAllThatCanBeAskedForInKubernetes(t *testing.T) {
	want := slices.DeleteFunc(api.Verbs(), func(verb string) bool { return verb == "instances" }) // local mode's
	require.Equal(t, want, OperatorRules(config())[0].Verbs)
	require.False(t, strings.Contains(fmt.Sprint(OperatorRules(config())), "*"))
}
