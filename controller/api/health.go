package api

import (
	"fmt"
	"net/http"
	"strings"
)

// health answers a probe: 200 when every check is OK, else 503. With ?verbose,
// and whenever one fails, there is a line for each check, in the form that
// Kubernetes' own components use:
//
//	[+]gateway-rw ok
//	[-]gateway-ro failed: listen tcp :7688: bind: address already in use
//	readyz check failed
func health(name string, checks func() []Check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		report, ok := healthReport(name, checks())
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if ok && !r.URL.Query().Has("verbose") {
			_, _ = fmt.Fprintln(w, "ok")
			return
		}
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(report))
	}
}

func healthReport(name string, checks []Check) (report string, ok bool) {
	var lines strings.Builder
	verdict := "passed"
	for _, check := range checks {
		mark, word := "+", "ok"
		if !check.OK {
			mark, word, verdict = "-", "failed", "failed"
		}
		if check.Reason != "" {
			word += ": " + oneLine(check.Reason)
		}
		fmt.Fprintf(&lines, "[%s]%s %s\n", mark, check.Name, word)
	}
	fmt.Fprintf(&lines, "%s check %s\n", name, verdict)
	return lines.String(), verdict == "passed"
}

// oneLine keeps a reason from looking like a check of its own.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
