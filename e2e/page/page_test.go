package page

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/local"
)

func start(t *testing.T) *local.Cluster {
	t.Helper()
	if os.Getenv("BROWSER") == "" {
		t.Skip("needs chromium: make page")
	}
	programs, err := local.Build(t.TempDir())
	require.NoError(t, err)
	return local.Start(t, programs)
}

// verdict is a condition: the page says so.
func verdict(r api.Status) string {
	return fmt.Sprintf(`document.getElementById("verdict").textContent === "%s takes writes, %s votes"`, r.Record.Main, r.Record.Voter)
}

// A person watches while the main is killed: the page follows by itself, and tells in the
// end who is main and how long each part took.
func TestPageShowsAFailoverAsItHappens(t *testing.T) {
	c := start(t)
	before := c.Whole()
	b := open(t, c.API.Base+"/")
	b.until(verdict(before))
	b.until(`document.getElementById("link").textContent === "live"`)
	b.picture("whole")
	require.Contains(t, b.text("#instances"), before.Record.Voter)
	b.until(`document.getElementById("clients").textContent === "Connections through all gateways: writing 0, reading 0."`)
	client, err := net.Dial("tcp", c.Write)
	require.NoError(t, err)
	b.until(`document.getElementById("clients").textContent === "Connections through all gateways: writing 1, reading 0."`)
	require.NoError(t, client.Close())

	c.Signal(before.Record.Main, syscall.SIGKILL)
	c.Until("another main", 10*time.Second, func(s api.Status) bool { return s.Record.Main != "" && s.Record.Main != before.Record.Main })
	after := c.Whole()
	b.until(verdict(after))
	b.until(`document.querySelector("#failovers .phases") !== null`)
	last := b.text("#failovers li")
	require.Contains(t, last, "failover (dead) "+before.Record.Main+" → "+after.Record.Main)
	require.Contains(t, last, "promote")
	require.Contains(t, b.text("#events"), "FailoverBegun")
	b.picture("after-a-failover")
	b.dark()
	b.picture("after-a-failover-dark")
	require.Empty(t, b.problems)
}

// On a phone nothing is wider than the screen but what scrolls in its own place.
func TestPageFitsAPhone(t *testing.T) {
	c := start(t)
	b := open(t, c.API.Base+"/")
	b.phone()
	b.until(verdict(c.Whole()))
	b.picture("phone")
	require.LessOrEqual(t, b.count(`document.documentElement.scrollWidth`), b.count(`window.innerWidth`))
}

// The keyboard reaches each table and drawing that scrolls, and everything that opens.
func TestPageIsUsedWithTheKeyboard(t *testing.T) {
	c := start(t)
	b := open(t, c.API.Base+"/")
	b.until(verdict(c.Whole()))
	focusable := b.count(`document.querySelectorAll(".scroll, summary").length`)
	require.Positive(t, focusable)
	reached := b.count(`[...document.querySelectorAll(".scroll, summary")].filter((e) => { e.focus(); return document.activeElement === e; }).length`)
	require.Equal(t, focusable, reached)
	unnamed := b.count(`[...document.querySelectorAll("[role=region], [role=img], section")].filter((e) => !e.getAttribute("aria-label") && !document.getElementById(e.getAttribute("aria-labelledby"))).length`)
	require.Zero(t, unnamed)
}

// Whoever looks at an old state is told so, and goes on by itself.
func TestPageSaysThatItIsOutOfTouchAndComesBack(t *testing.T) {
	c := start(t)
	b := open(t, c.API.Base+"/")
	b.until(verdict(c.Whole()))
	c.Stop()
	b.until(`document.getElementById("link").textContent.startsWith("out of touch")`)
	b.picture("out-of-touch")
	c.Run()
	b.until(verdict(c.Whole()))
	b.until(`document.getElementById("link").textContent === "live"`)
}

// What Kubernetes tells of the databases is shown where there is Kubernetes, and what a name
// in it says is text.
func TestPageShowsEventsOfKubernetesAndTheClientsOfAllControllers(t *testing.T) {
	c := start(t)
	status := c.Whole()
	require.Len(t, status.Controllers, 1)
	second := status.Controllers[0]
	second.Name, second.Gateways = "another", []api.GatewayCount{{Gateway: "rw", Running: true, Sessions: 5, Held: 2}, {Gateway: "ro", Sessions: 7}}
	gone := second
	gone.Name, gone.Gone = "ended", true
	status.Controllers = append(status.Controllers, second, gone)
	server := httptest.NewServer(telling(t, c.API.Base, api.State{Status: status, Failovers: []api.Failover{}, Events: []api.Event{
		{Time: time.Now(), Object: "StatefulSet memgraph", Reason: "RequestTaken", Text: "switchover asked for by <b>ada</b>", Count: 1},
		{Time: time.Now(), Warning: true, Object: "Pod memgraph-1", Reason: "Unhealthy", Text: "Readiness probe failed", Count: 3},
	}}))
	t.Cleanup(server.Close)
	b := open(t, server.URL+"/")
	b.until(`document.querySelectorAll("#kubernetes li").length === 2`)
	require.Contains(t, b.text("#kubernetes li"), "Pod memgraph-1 Unhealthy: Readiness probe failed (3 times)", "the newest is first")
	require.Contains(t, b.text("#kubernetes"), "switchover asked for by <b>ada</b>")
	require.Equal(t, "Connections through all gateways: writing 5 and 2 held, reading 7.", b.text("#clients"))
	require.Contains(t, b.text("#controllers"), "read gateway does not run")
	b.picture("kubernetes")
	require.Empty(t, b.problems)

	local := open(t, c.API.Base+"/")
	local.until(`document.getElementById("link").textContent === "live"`)
	require.Zero(t, local.count(`document.getElementById("kubernetes-section").offsetHeight`), "there is no Kubernetes here")
}

// telling serves the page of a controller and tells it one state.
func telling(t *testing.T, controller string, state api.State) http.Handler {
	t.Helper()
	base, err := url.Parse(controller)
	require.NoError(t, err)
	text, err := json.Marshal(state)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(base) }})
	mux.HandleFunc("/api/v1/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprintf(w, "event: state\ndata: %s\n\n", text)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	return mux
}
