package api

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Nothing but the page's own script and style is run, whatever is in a name.
func TestPageRunsNothingButItsOwn(t *testing.T) {
	backend := healthyBackend()
	backend.status.Cluster = `<script>alert(1)</script>`
	answer := ask(newHandler(t, backend, loopback, ""), http.MethodGet, "/", "")
	require.Equal(t, http.StatusOK, answer.Code)
	body, policy := answer.Body.String(), answer.Header().Get("Content-Security-Policy")
	require.NotContains(t, body, backend.status.Cluster)
	for tag, source := range map[string]string{"script": "script-src", "style": "style-src"} {
		parts := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(body, -1)
		require.Len(t, parts, 1, tag)
		require.Contains(t, policy, source+" "+hashOf(parts[0][1]))
	}
	require.Contains(t, policy, "default-src 'none'")
	for _, forbidden := range []string{"innerHTML =", "http://", "https://", " onclick", " style="} {
		require.NotContains(t, strings.ReplaceAll(body, "http://www.w3.org/2000/svg", ""), forbidden)
	}
}

// Each part has a heading, each table is reached by the keyboard, and what changes is
// told to who cannot see it.
func TestPageIsForEverybody(t *testing.T) {
	body := ask(newHandler(t, healthyBackend(), loopback, ""), http.MethodGet, "/", "").Body.String()
	for _, id := range regexp.MustCompile(`aria-labelledby="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		require.Contains(t, body, `id="`+id[1]+`"`)
	}
	require.Equal(t, strings.Count(body, `class="scroll"`), strings.Count(body, `tabindex="0" role="region"`))
	for _, has := range []string{`lang="en"`, `name="viewport"`, `aria-live="polite"`, `<noscript>`, `prefers-color-scheme: dark`} {
		require.Contains(t, body, has)
	}
}
