package page

import (
	"fmt"
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
