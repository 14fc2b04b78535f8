package page

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	// answersWithin bounds what the browser is asked for.
	answersWithin = 30 * time.Second
	// looksEvery is how often a condition is looked at.
	looksEvery = 20 * time.Millisecond
)

// browser is a tab of a headless Chromium.
type browser struct {
	t        *testing.T
	ctx      context.Context
	problems chan string // what the page's console complains of
}

// open opens a page. Root may not use Chromium's sandbox, and everything here is ours.
func open(t *testing.T, url string) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1280, 1400))
	ctx, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	b := &browser{t: t, ctx: ctx, problems: make(chan string, 100)}
	require.NoError(t, chromedp.Listen(ctx, b.hear))
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(url))) // begins the browser, so without a time
	return b
}

func (b *browser) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.problems <- fmt.Sprintf("%s, line %d", e.ExceptionDetails.Text, e.ExceptionDetails.LineNumber)
	case *runtime.EventConsoleAPICalled:
		b.problems <- fmt.Sprintf("the console says: %s", e.Type)
	}
}

// run does one thing in a tab.
func run[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, answersWithin)
	defer cancel()
	value, err := chromedp.Run(ctx, a)
	require.NoError(b.t, err)
	return value
}

// until waits until a condition in JavaScript holds. The page's policy forbids what the
// browser's own waiting is made of.
func (b *browser) until(condition string) {
	b.t.Helper()
	for end := time.Now().Add(answersWithin); !run(b, chromedp.Evaluate[bool](condition)); time.Sleep(looksEvery) {
		require.True(b.t, time.Now().Before(end), "not within %s: %s\nverdict: %s", answersWithin, condition, b.text("#state"))
	}
}

// text is what a person reads in a part of the page.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return run(b, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q).innerText", selector)))
}

// count returns a number.
func (b *browser) count(expression string) float64 {
	b.t.Helper()
	return run(b, chromedp.Evaluate[float64](expression))
}

// picture keeps what the page looks like.
func (b *browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("REPORT_DIR")
	if dir == "" {
		return
	}
	png := run(b, chromedp.FullScreenshot(100))
	require.NoError(b.t, os.MkdirAll(filepath.Join(dir, "page"), 0o750))
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, "page", name+".png"), png, 0o600))
}

// dark and phone are how else a person may look at it.
func (b *browser) dark() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, answersWithin)
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	require.NoError(b.t, err)
}

func (b *browser) phone() { run(b, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile)) }
