package kind_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/kind"
)

// registry answers requests in place of the network.
type registry func(*http.Request) (*http.Response, error)

func (r registry) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

func answering(status int) registry {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: http.NoBody}, nil
	}
}

func unreachable(*http.Request) (*http.Response, error) { return nil, errors.New("no such host") }

func silent(request *http.Request) (*http.Response, error) {
	<-request.Context().Done()
	return nil, request.Context().Err()
}

func images(value string) func(string) string {
	return func(name string) string {
		if name == "IMAGES" {
			return value
		}
		return ""
	}
}

func TestARegistryIsUsedWhereOneAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		network registry
		origin  kind.Origin
		why     string
	}{
		"asks for a login": {answering(http.StatusUnauthorized), kind.Registry, "answers"},
		"lets anybody in":  {answering(http.StatusOK), kind.Registry, "answers"},
		"a proxy refuses":  {answering(http.StatusForbidden), kind.Offline, "Forbidden"},
		"no network":       {unreachable, kind.Offline, "no such host"},
	} {
		t.Run(name, func(t *testing.T) {
			origin, why, err := kind.Detect(t.Context(), images(""), &http.Client{Transport: c.network})
			require.NoError(t, err)
			require.Equal(t, c.origin, origin)
			require.Contains(t, why, c.why)
		})
	}
}

func TestARegistryThatIsSilentIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		origin, _, err := kind.Detect(t.Context(), images(""), &http.Client{Transport: registry(silent)})
		require.NoError(t, err)
		require.Equal(t, kind.Offline, origin)
		require.Equal(t, 4*time.Second, time.Since(start))
	})
}

func TestTheOriginCanBeForced(t *testing.T) {
	asked := &http.Client{Transport: registry(func(*http.Request) (*http.Response, error) {
		t.Error("nobody needs to ask")
		return nil, errors.New("asked")
	})}
	for _, forced := range []kind.Origin{kind.Registry, kind.Offline} {
		origin, why, err := kind.Detect(t.Context(), images(string(forced)), asked)
		require.NoError(t, err)
		require.Equal(t, forced, origin)
		require.Equal(t, "as IMAGES says", why)
	}
	_, _, err := kind.Detect(t.Context(), images("none"), asked)
	require.ErrorContains(t, err, "IMAGES=none: want registry")
}
