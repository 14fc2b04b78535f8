package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"memgraph-controller/gateway"
)

const (
	// callTimeout bounds a call whose context has no deadline; it is above the
	// server's own limit, so that the server's sentence arrives.
	callTimeout = 15 * time.Second
	// maxAnswerBytes bounds what is read of an answer. A session is about 300
	// bytes of JSON, so this is room for more than 200,000 of them.
	maxAnswerBytes = 64 << 20
)

// Client asks a controller. The zero value with a Base works. It may be used by
// many goroutines at once.
//
// Every call ends with its context, after 15 s when that has no deadline. What
// the server refuses is returned as an *[Error] with its status and sentence;
// other errors keep their cause (errors.Is finds syscall.ECONNREFUSED).
type Client struct {
	// Base is the URL of the server, such as http://127.0.0.1:8080.
	Base string
	// Token is sent with changing calls; empty: none.
	Token string
	// HTTP makes the calls; nil: http.DefaultClient.
	HTTP *http.Client
}

// Status returns everything in one snapshot.
func (c Client) Status(ctx context.Context) (Status, error) {
	return get[Status](ctx, c, "/api/v1/status")
}

// Gateways returns the state of both gateways.
func (c Client) Gateways(ctx context.Context) ([]gateway.Status, error) {
	return get[[]gateway.Status](ctx, c, "/api/v1/gateways")
}

// Routing returns where traffic goes now, and why.
func (c Client) Routing(ctx context.Context) (Routing, error) {
	return get[Routing](ctx, c, "/api/v1/routing")
}

// Replicas returns the instances that are not the main.
func (c Client) Replicas(ctx context.Context) ([]Instance, error) {
	return get[[]Instance](ctx, c, "/api/v1/replicas")
}

// Connections returns the sessions of both gateways.
func (c Client) Connections(ctx context.Context) ([]Connection, error) {
	return get[[]Connection](ctx, c, "/api/v1/connections")
}

// Failovers returns the newest failovers, oldest first.
func (c Client) Failovers(ctx context.Context) ([]Failover, error) {
	return get[[]Failover](ctx, c, "/api/v1/failovers")
}

// Switchover asks for a switchover. It returns when the request was taken down.
func (c Client) Switchover(ctx context.Context, request SwitchoverRequest) (Accepted, error) {
	return post(ctx, c, "/api/v1/switchover", request)
}

// Failover asks for a failover. It returns when the request was taken down.
func (c Client) Failover(ctx context.Context, request FailoverRequest) (Accepted, error) {
	return post(ctx, c, "/api/v1/failover", request)
}

// Pause stops automatic actions for a time, or resumes them.
func (c Client) Pause(ctx context.Context, request PauseRequest) (Accepted, error) {
	return post(ctx, c, "/api/v1/pause", request)
}

// Instance does something to an instance of a local cluster.
func (c Client) Instance(ctx context.Context, action InstanceAction) (Accepted, error) {
	path := "/api/v1/instances/" + url.PathEscape(action.Instance) + "/" + url.PathEscape(string(action.Do))
	return post(ctx, c, path, struct{}{})
}

// Ready returns the verbose report of /readyz and whether it passed.
func (c Client) Ready(ctx context.Context) (report string, ok bool, err error) {
	return c.probe(ctx, "/readyz?verbose")
}

// Live returns the verbose report of /livez and whether it passed.
func (c Client) Live(ctx context.Context) (report string, ok bool, err error) {
	return c.probe(ctx, "/livez?verbose")
}

func (c Client) probe(ctx context.Context, path string) (string, bool, error) {
	status, body, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return "", false, err
	}
	if status != http.StatusOK && status != http.StatusServiceUnavailable {
		return "", false, answeredError(status, body)
	}
	return string(body), status == http.StatusOK, nil
}

func get[T any](ctx context.Context, c Client, path string) (T, error) {
	return call[T](ctx, c, http.MethodGet, path, nil)
}

func post(ctx context.Context, c Client, path string, request any) (Accepted, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return Accepted{}, fmt.Errorf("encode the request for %s: %w", path, err)
	}
	return call[Accepted](ctx, c, http.MethodPost, path, body)
}

func call[T any](ctx context.Context, c Client, method, path string, request []byte) (T, error) {
	var answer T
	status, body, err := c.do(ctx, method, path, request)
	if err != nil {
		return answer, err
	}
	if status >= http.StatusBadRequest {
		return answer, answeredError(status, body)
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("%s%s answered something that is not the controller's: %w", c.Base, path, err)
	}
	return answer, nil
}

// do makes one call and reads its whole answer.
func (c Client) do(ctx context.Context, method, path string, request []byte) (int, []byte, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Base, "/")+path, bytes.NewReader(request))
	if err != nil {
		return 0, nil, fmt.Errorf("server address %q: %w", c.Base, err)
	}
	if request != nil {
		r.Header.Set("Content-Type", "application/json")
		if c.Token != "" {
			r.Header.Set("Authorization", "Bearer "+c.Token)
		}
	}
	response, err := c.http().Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return 0, nil, fmt.Errorf("read the answer of %s%s: %w", c.Base, path, err)
	}
	return response.StatusCode, body, nil
}

func (c Client) http() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return http.DefaultClient
}

// answeredError returns the server's sentence, or the beginning of whatever
// stands at that address instead of a controller.
func answeredError(status int, body []byte) error {
	answered := &Error{Status: status}
	if json.Unmarshal(body, answered) == nil && answered.Message != "" {
		return answered
	}
	const shown = 200
	text := oneLine(string(body[:min(len(body), shown)]))
	return refuse(status, "is this the controller's address?", "HTTP status %d: %s", status, text)
}
